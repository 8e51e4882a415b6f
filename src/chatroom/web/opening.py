"""The opening handshake of a WebSocket (RFC 6455, section 4.2)."""

from collections.abc import Sequence
from http import HTTPStatus

import h11
from websockets.datastructures import Headers
from websockets.exceptions import InvalidHandshake
from websockets.http11 import Request as Handshake
from websockets.server import ServerProtocol

from chatroom.web.origin import may_speak
from chatroom.web.routes import Request, Response, plain

_VERSION = "13"

_BAD = "That does not open a WebSocket as RFC 6455 has it."


def accept(event: h11.Request, request: Request, origins: Sequence[str]) -> bytes | Response:
    """Return what opens the WebSocket that is asked for, or why it stays closed.

    Args:
        event: the request as it came.
        request: the same.
        origins: see `origin.may_speak`.
    """
    if request.method != "GET":
        return plain(
            HTTPStatus.METHOD_NOT_ALLOWED, "A WebSocket is opened with GET.", ("Allow", "GET")
        )
    if not may_speak(request.headers.get("origin"), request.headers.get("host", ""), origins):
        return plain(
            HTTPStatus.FORBIDDEN,
            "Pages of other sites may not speak with this server, unless its settings name them.",
        )
    found = [(name.decode(), value.decode("latin-1")) for name, value in event.headers]
    try:
        # Without extensions, so nothing is compressed.
        response = ServerProtocol().accept(Handshake(request.path, Headers(found)))
    except InvalidHandshake:  # a header that HTTP allows and a WebSocket does not
        return plain(HTTPStatus.BAD_REQUEST, _BAD)
    if response.status_code == HTTPStatus.SWITCHING_PROTOCOLS and event.http_version == b"1.1":
        return response.serialize()
    version = request.headers.get("sec-websocket-version")
    if response.status_code == HTTPStatus.BAD_REQUEST and version == _VERSION:
        return plain(HTTPStatus.BAD_REQUEST, _BAD)
    return plain(
        HTTPStatus.UPGRADE_REQUIRED,
        "Here a WebSocket is opened, and nothing else.",
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Version", _VERSION),
    )
