"""The opening handshake of a WebSocket."""

import pytest

from chatroom.web.http import Http
from chatroom.web.websocket import WebSocket
from tests.web.asking import Reply, answer, face_of, feed, peer, replies, request
from tests.websocket import KEY, accepted, frame, handshake


def opened(data: bytes) -> Reply:
    """Return the reply to `data`, after which the connection is still HTTP."""
    face = face_of({})
    reply = answer(face, data)
    assert answer(face, request("/")).status == 404
    return reply


def without(header: str, instead: str = "") -> bytes:
    """Return a handshake with a header left out or another in its place."""
    lines = handshake("chat.example.org").decode().split("\r\n")
    kept = [instead if line.startswith(header) else line for line in lines]
    return "\r\n".join(line for line in kept if line).encode("latin-1") + b"\r\n\r\n"


@pytest.mark.parametrize(
    "more",
    [
        (),
        ("Origin: http://chat.example.org",),
        ("Origin: https://friend.example",),
        ("Sec-WebSocket-Extensions: permessage-deflate",),
        ("Sec-WebSocket-Protocol: chat",),
        ("Connection: keep-alive",),
    ],
)
def test_a_websocket_is_opened(more: tuple[str, ...]) -> None:
    """Nothing is packed and no subprotocol spoken, whatever the client offers."""
    face = Http(peer(), {}, ("https://friend.example",))
    said = feed(face, handshake("chat.example.org", *more))
    head = said.data.decode().split("\r\n")
    assert head[0] == "HTTP/1.1 101 Switching Protocols"
    assert f"Sec-WebSocket-Accept: {accepted()}" in head
    assert not any(line.lower().startswith(("sec-websocket-e", "sec-websocket-p")) for line in head)
    assert isinstance(said.face, WebSocket)
    assert not said.ended


def test_what_comes_with_the_request_is_for_the_websocket() -> None:
    items = list(face_of({}).feed(handshake("chat.example.org") + frame(b'{"command": "WHO"}')))
    assert items[1:] == [{"command": "WHO"}]


def test_requests_may_come_before_it() -> None:
    face = face_of({})
    said = feed(face, request("/") + handshake("chat.example.org"))
    assert said.data.startswith(b"HTTP/1.1 404 ")
    assert isinstance(said.face, WebSocket)


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (without("Upgrade"), 426),
        (without("Upgrade", "Upgrade: h2c"), 426),
        (without("Connection"), 426),
        (without("Connection", "Connection: keep-alive"), 426),
        (without("Sec-WebSocket-Version"), 426),
        (without("Sec-WebSocket-Version", "Sec-WebSocket-Version: 8"), 426),
        (without("Sec-WebSocket-Key"), 400),
        (without("Sec-WebSocket-Key", "Sec-WebSocket-Key: short"), 400),
        (without("Sec-WebSocket-Key", f"Sec-WebSocket-Key: {KEY}\x7f"), 400),
        (without("Sec-WebSocket-Key", f"Sec-WebSocket-Key: {KEY}\u00e9"), 400),
        (handshake("chat.example.org", f"Sec-WebSocket-Key: {KEY}"), 400),
        (request("/ws"), 426),
        (without("GET", "POST /ws HTTP/1.1"), 405),
        (without("GET", "HEAD /ws HTTP/1.1"), 405),
    ],
)
def test_what_opens_none_is_told_why(data: bytes, status: int) -> None:
    face = face_of({})
    (reply,) = replies(feed(face, data).data, data[:4].decode().strip())
    assert reply.status == status
    if status == 426:  # RFC 9110, section 15.5.22, and RFC 6455, section 4.4
        assert reply.headers["upgrade"] == "websocket"
        assert reply.headers["sec-websocket-version"] == "13"


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://chat.example.org:81"])
def test_pages_of_others_may_not(origin: str) -> None:
    reply = opened(handshake("chat.example.org", f"Origin: {origin}"))
    assert reply.status == 403
    assert "may not speak" in reply.body.decode()


def test_an_old_client_opens_none() -> None:
    data = without("GET", "GET /ws HTTP/1.0")
    assert b" 426 " in feed(face_of({}), data).data.split(b"\r\n")[0]


def test_a_body_opens_none() -> None:
    said = feed(face_of({}), handshake("chat.example.org", "Content-Length: 1"))
    assert said.face is None
    assert said.ended


def test_who_has_to_speak_tls_is_shown_the_way() -> None:
    said = feed(face_of({}, welcome=False), handshake("chat.example.org"))
    assert (replies(said.data)[0].status, said.face) == (308, None)
