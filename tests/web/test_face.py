"""How HTTP is told from everything else, by the first bytes."""

from http import HTTPStatus

import pytest

from chatroom.server.face import recognise
from chatroom.server.lines import JSON_LINES
from chatroom.web.face import Web, begins_a_request
from chatroom.web.http import Http
from chatroom.web.routes import Request, Response, plain
from tests.web.asking import answer, peer, request
from tests.wire_cases import WireCase, wire_cases

METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT")


@pytest.mark.parametrize("method", METHODS)
def test_a_method_is_recognised_however_it_is_split(method: str) -> None:
    data = f"{method} / HTTP/1.1\r\n".encode()
    for length in range(1, len(data)):
        assert begins_a_request(data[:length]) is (True if length > len(method) else None)


@pytest.mark.parametrize(
    "data", [b"{", b"\x16\x03", b"get / ", b" GET / ", b"GETS", b"PM", b"\0", b"NICK"]
)
def test_other_bytes_are_none(data: bytes) -> None:
    assert begins_a_request(data) is False


@pytest.mark.parametrize("case", list(wire_cases()), ids=lambda case: case.name)
def test_no_frame_is_taken_for_a_request(case: WireCase) -> None:
    """Nobody who speaks JSON, well or badly, is answered in HTTP, but who sends a request."""
    table = (Web({}).row, JSON_LINES)
    expected = table[0] if case.name == "invalid/http_request" else JSON_LINES
    assert recognise(table, case.data) is expected


def test_what_is_opened_has_the_files_and_the_routes() -> None:
    def figures(_: Request) -> Response:
        return plain(HTTPStatus.OK, "42")

    web = Web({"/figures": figures})
    face = web.row.open(peer())
    assert isinstance(face, Http)
    assert (face.name, face.framing.frame(b"{}\n")) == ("http", b"")
    assert answer(face, request("/figures")).body == b"42\n"
    assert answer(face, request("/")).headers["content-type"].startswith("text/html")
