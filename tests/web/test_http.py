"""The face of HTTP: requests to replies, however they come."""

from email.utils import parsedate_to_datetime
from http import HTTPStatus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatroom.web.http import HEAD_BYTES, SILENCE, path_of
from chatroom.web.routes import Request, Response, plain
from tests.web.asking import HOST, answer, face_of, feed, replies, request

BODY = (b"one ", b"two ", b"three")


def _hello(_: Request) -> Response:
    return Response(HTTPStatus.OK, (("Content-Type", "text/plain"),), BODY)


def _unchanged(_: Request) -> Response:
    return Response(HTTPStatus.NOT_MODIFIED, (("ETag", '"x"'),))


def _broken(_: Request) -> Response:
    raise ZeroDivisionError("a fault of ours")


def _echo(request: Request) -> Response:
    return plain(HTTPStatus.OK, f"{request.path} {request.address} {request.headers}")


TABLE = {"/hello": _hello, "/unchanged": _unchanged, "/broken": _broken, "/echo": _echo}


def test_what_is_there_is_sent_and_the_connection_stays() -> None:
    face = face_of(TABLE)
    for _ in range(3):
        said = feed(face, request("/hello"))
        assert not said.ended
        (reply,) = replies(said.data)
        assert (reply.status, reply.body) == (200, b"one two three")
        assert reply.headers["content-length"] == "13"
        assert "connection" not in reply.headers
        assert parsedate_to_datetime(reply.headers["date"]).year > 2000


def test_of_the_reply_to_head_only_the_head_is_sent() -> None:
    face = face_of(TABLE)
    head, whole = (answer(face, request("/hello", method=each), each) for each in ("HEAD", "GET"))
    assert head.body == b""
    dates = {"date": ""}
    assert head.headers | dates == whole.headers | dates


def test_what_has_not_changed_has_no_length() -> None:
    reply = answer(face_of(TABLE), request("/unchanged"))
    assert (reply.status, reply.body) == (304, b"")
    assert "content-length" not in reply.headers


@pytest.mark.parametrize("target", ["/", "/hello/", "/HELLO", "/%68ello", "//hello", "/../hello"])
def test_what_is_not_there_is_not_found(target: str) -> None:
    """Nothing is decoded and nothing put right, so no two paths mean the same."""
    assert answer(face_of(TABLE), request(target)).status == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "BREW"])
def test_other_methods_are_refused(method: str) -> None:
    reply = answer(face_of(TABLE), request("/hello", method=method))
    assert (reply.status, reply.headers["allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("/hello", "/hello"),
        ("/hello?", "/hello"),
        ("/hello?a=/b?c://d", "/hello"),
        ("http://chat.example.org/hello?a", "/hello"),
        ("http://chat.example.org", "/"),
        ("http://chat.example.org?a", "/"),
        ("/a://b", "/a://b"),
        ("*", "*"),
        ("chat.example.org:80", "chat.example.org:80"),
    ],
)
def test_the_path_is_taken_out_of_every_form_of_the_target(target: str, path: str) -> None:
    assert path_of(target) == path


def test_headers_that_come_twice_are_joined() -> None:
    reply = answer(face_of(TABLE), request("/echo?a", "X: 1", "x: 2"))
    assert reply.body.startswith(b"/echo 203.0.113.7 ")
    assert b"'x': '1, 2'" in reply.body


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", 400),  # without a Host (RFC 9112, section 3.2)
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        (b"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505),
        (b"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"GET /\r\n\r\n", 400),
        (b"GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n folded: a\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 2\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * HEAD_BYTES + b"\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * HEAD_BYTES, 431),
        (b"GET /" + b"x" * HEAD_BYTES + b" HTTP/1.1\r\n", 431),
        (b"GET /" + b"x" * 3 * HEAD_BYTES, 431),
    ],
)
def test_a_broken_request_is_told_so_and_ends_the_connection(data: bytes, status: int) -> None:
    said = feed(face_of(TABLE), data)
    (reply,) = replies(said.data)
    assert (reply.status, reply.headers["connection"], said.ended) == (status, "close", True)
    assert reply.body.endswith(b".\n")


@pytest.mark.parametrize(
    "data",
    [
        request("/hello", version="3.1", method="HEAD"),
        request("/hello", "X: " + "x" * HEAD_BYTES, method="HEAD"),
    ],
)
def test_a_broken_request_for_a_head_is_told_so_in_a_head(data: bytes) -> None:
    """And what is broken behind one is none for a head any more."""
    face = face_of(TABLE)
    (reply,) = replies(feed(face, data).data, "HEAD")
    assert reply.status in {431, 505}
    face = face_of(TABLE)
    said = feed(face, request("/hello", method="HEAD") + b"GET\r\n\r\n")
    assert [each.status for each in replies(said.data, "HEAD", "GET")] == [200, 400]


@pytest.mark.parametrize("step", [1, 100, 4096, 1 << 20])
@pytest.mark.parametrize(("more", "status"), [(0, 200), (1, 431)])
def test_a_head_may_be_so_long_and_no_longer(step: int, more: int, status: int) -> None:
    """However it is split."""
    empty = request("/hello", "X: ")
    data = request("/hello", "X: " + "x" * (HEAD_BYTES - len(empty) + more))
    assert len(data) == HEAD_BYTES + more
    face = face_of(TABLE)
    sent = b"".join(feed(face, data[at : at + step]).data for at in range(0, len(data), step))
    (reply,) = replies(sent)
    assert reply.status == status


REQUESTS = (
    request("/hello"),
    request("/hello", method="HEAD"),
    request("/nothing"),
    request("/unchanged"),
    request("/hello", method="POST"),
)


@given(st.lists(st.sampled_from(REQUESTS), max_size=6), st.data())
def test_requests_may_come_together_and_be_split_anywhere(
    asked: list[bytes], data: st.DataObject
) -> None:
    """Each has its reply, in order (RFC 9112, section 9.3.2)."""
    stream = b"".join(asked)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=5)))
    face, sent = face_of(TABLE), b""
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        if start == end:
            continue
        said = feed(face, stream[start:end])
        assert not said.ended
        sent += said.data
    found = replies(sent, *("HEAD" if each.startswith(b"HEAD") else "GET" for each in asked))
    expected = dict(zip(REQUESTS, (200, 200, 404, 304, 405), strict=True))
    assert [reply.status for reply in found] == [expected[each] for each in asked]


def test_who_asks_for_much_is_answered_as_it_takes_the_replies() -> None:
    """The next request is not looked at before the reply to the last is on its way."""
    face = face_of(TABLE)
    items = face.feed(request("/hello") * 100)
    for _ in range(100):
        assert [len(next(items).data) > 0 for _ in range(4)] == [True] * 4  # type: ignore[union-attr]
    assert next(items, None) is None


@pytest.mark.parametrize(
    "data",
    [
        request("/hello", "Connection: close"),
        request("/hello", version="1.0"),
        request("/hello", "Content-Length: 5") + b"hello",
        request("/hello", "Content-Length: 5000000000", "Expect: 100-continue"),
        request("/hello", "Transfer-Encoding: chunked") + b"5\r\nhello\r\n0\r\n\r\n",
        request("/hello", "Transfer-Encoding: chunked"),
    ],
)
def test_a_connection_ends_where_the_client_says_so_or_a_body_begins(data: bytes) -> None:
    """A body is for nothing that there is, so none is read, and none is taken for a request."""
    said = feed(face_of(TABLE), data + request("/hello"))
    (reply,) = replies(said.data)
    assert (reply.status, reply.headers["connection"], said.ended) == (200, "close", True)


def test_a_fault_of_ours_is_told_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    face = face_of(TABLE)
    said = feed(face, request("/broken"))
    (reply,) = replies(said.data)
    assert (reply.status, said.ended) == (500, False)
    assert "ZeroDivisionError" not in reply.body.decode()
    assert "A request for /broken failed." in caplog.text
    assert answer(face, request("/hello")).status == 200


def test_every_reply_says_what_keeps_a_page_safe() -> None:
    broken = feed(face_of(TABLE), b"GET / HTTP/1.1\r\n\r\n").data
    for reply in (
        *(answer(face_of(TABLE), request(f"/{each}")) for each in ("hello", "no", "unchanged")),
        *replies(broken),
    ):
        policy = reply.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert reply.headers["x-content-type-options"] == "nosniff"
        assert reply.headers["referrer-policy"] == "no-referrer"
        assert reply.headers["cross-origin-opener-policy"] == "same-origin"
        assert reply.headers["cross-origin-resource-policy"] == "same-origin"
        assert reply.headers["permissions-policy"]
        assert "set-cookie" not in reply.headers


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_who_has_to_speak_tls_is_shown_the_way(method: str) -> None:
    said = feed(face_of(TABLE, welcome=False), request("/hello?a=b", method=method))
    (reply,) = replies(said.data, method)
    assert (reply.status, said.ended) == (308, True)
    assert reply.headers["location"] == f"https://{HOST}/hello?a=b"
    assert reply.headers["connection"] == "close"
    assert method == "HEAD" or f"https://{HOST}/hello?a=b" in reply.body.decode()


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.0\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: \r\n\r\n",
        b"GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
    ],
)
def test_where_that_cannot_be_shown_it_is_told(data: bytes) -> None:
    said = feed(face_of(TABLE, welcome=False), data)
    (reply,) = replies(said.data)
    assert (reply.status, said.ended) == (400, True)
    assert "location" not in reply.headers


def test_who_speaks_http_is_sent_no_events() -> None:
    assert SILENCE.frame(b'{"type":"bye"}\n') == SILENCE.farewell(b'{"type":"bye"}\n') == b""
