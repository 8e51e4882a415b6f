"""The face of HTTP/1.1 (RFC 9110, RFC 9112): requests to replies, and the way to the WebSocket.

h11 reads and writes the protocol; it is told here what it cannot know: what there is, and how much
a client may send. Nothing here waits or sends: what is yielded goes out in order with all else.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus

import h11

from chatroom.server.face import End, Item, Peer, Raw, Upgrade
from chatroom.web import headers, opening
from chatroom.web.routes import Request, Response, Route, answer, plain
from chatroom.web.websocket import WebSocket

HEAD_BYTES = 8192
"""How long the head of a request may be."""

WEBSOCKET = "/ws"
"""Where the WebSocket is."""

_BETWEEN = len(b": \r\n")
_VERSIONS = {b"1.0", b"1.1"}

_log = logging.getLogger(__name__)


class _Silence:
    """Whoever speaks HTTP is sent no events: such a connection just ends."""

    def frame(self, lines: bytes) -> bytes:  # noqa: ARG002
        return b""

    def farewell(self, lines: bytes) -> bytes:  # noqa: ARG002
        return b""


SILENCE = _Silence()


class Http:
    """One connection. Belongs to its reading thread.

    Args:
        peer: who asks.
        routes: what there is, by path.
        origins: see `origin.may_speak`.
    """

    name = "http"
    framing = SILENCE

    def __init__(self, peer: Peer, routes: Mapping[str, Route], origins: Sequence[str]) -> None:
        self._peer = peer
        self._routes = routes
        self._origins = origins
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=HEAD_BYTES)
        # Of the request that is being answered, as far as it is known: its Host, and whether a head
        # is all that is asked for.
        self._host, self._is_head = "", False

    def admit(self) -> None:
        """Nobody logs in here."""

    def feed(self, data: bytes) -> Iterator[Item]:
        """Take the next bytes of the client and yield what it is answered."""
        self._http.receive_data(data)
        try:
            while isinstance(event := self._http.next_event(), h11.Request):
                self._is_head = event.method == b"HEAD"
                yield from self._answer(event)
        except h11.RemoteProtocolError as error:
            status = HTTPStatus(error.error_status_hint)
            yield from self._reply(plain(status, _COMPLAINTS.get(status, _BROKEN)), close=True)

    def _answer(self, event: h11.Request) -> Iterator[Item]:
        """Answer a request, which has come with its whole head."""
        if _size(event) > HEAD_BYTES:
            raise h11.RemoteProtocolError("the head is too long", error_status_hint=431)
        if event.http_version not in _VERSIONS:
            raise h11.RemoteProtocolError("another version", error_status_hint=505)
        request = self._request_of(event)
        self._host = request.headers.get("host", "")
        # A body is for nothing that there is. It is not read, so nothing can come behind it.
        has_body = _has_body(request)
        if not has_body:
            self._http.next_event()  # its end, which has come
        if request.path == WEBSOCKET and self._peer.welcome and not has_body:
            yield from self._open(event, request)
            return
        response = self._response(request, event.target.decode())
        close = has_body or not self._peer.welcome
        yield from self._reply(response, close=close)

    def _request_of(self, event: h11.Request) -> Request:
        found: dict[str, str] = {}
        for raw_name, raw_value in event.headers:
            name, value = raw_name.decode(), raw_value.decode("latin-1")
            found[name] = f"{found[name]}, {value}" if name in found else value
        method, path = event.method.decode(), path_of(event.target.decode())
        return Request(method, path, found, self._peer.address, self._peer.secure)

    def _response(self, request: Request, target: str) -> Response:
        if not self._peer.welcome:
            return _elsewhere(request, target)
        try:
            return answer(self._routes, request)
        except Exception:  # noqa: BLE001  # a fault of ours costs one reply, not the connection
            _log.exception("A request for %s failed.", request.path)
            return plain(HTTPStatus.INTERNAL_SERVER_ERROR, "The server failed at this.")

    def _open(self, event: h11.Request, request: Request) -> Iterator[Item]:
        """Open a WebSocket, or say why not."""
        opened = opening.accept(event, request, self._origins)
        if isinstance(opened, Response):
            yield from self._reply(opened)
            return
        face = WebSocket(self._peer.limits)
        early, _ = self._http.trailing_data
        yield Upgrade(opened, face)
        yield from face.feed(early)

    def _reply(self, response: Response, *, close: bool = False) -> Iterator[Item]:
        """Send `response`, and get ready for the next request unless the connection is to end."""
        head = [*response.headers, *headers.for_all(self._host)]
        if response.status is not HTTPStatus.NOT_MODIFIED:
            head.append(("Content-Length", str(sum(map(len, response.body)))))
        if close:
            head.append(("Connection", "close"))
        status, phrase = response.status.value, response.status.phrase.encode()
        yield self._raw(h11.Response(status_code=status, headers=head, reason=phrase))
        if not self._is_head:
            for portion in response.body:
                yield self._raw(h11.Data(data=portion))
        self._http.send(h11.EndOfMessage())
        if close or self._http.our_state is h11.MUST_CLOSE:
            yield End()
        else:
            self._http.start_next_cycle()
            self._host, self._is_head = "", False

    def _raw(self, event: h11.Event) -> Raw:
        return Raw(self._http.send(event) or b"")


_BROKEN = "That is no request that could be understood."

_COMPLAINTS = {
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: (
        f"The head of a request may have {HEAD_BYTES} bytes and no more."
    ),
}


def path_of(target: str) -> str:
    """Return the path in the target of a request (RFC 9112, section 3.2), as it was sent."""
    _, absolute, rest = target.partition("://")
    if absolute and not target.startswith("/"):
        target = "/" + rest.partition("/")[2]
    return target.partition("?")[0]


def _has_body(request: Request) -> bool:
    """Say whether a body follows (RFC 9112, section 6.3); h11 has seen to it that this is plain."""
    length = request.headers.get("content-length", "0")
    return "transfer-encoding" in request.headers or int(length) > 0


def _size(event: h11.Request) -> int:
    """Return how long a head was, but for white space that means nothing."""
    first = len(event.method) + len(event.target) + len(b"  HTTP/1.1\r\n\r\n")
    return first + sum(len(name) + len(value) + _BETWEEN for name, value in event.headers)


def _elsewhere(request: Request, target: str) -> Response:
    """Return the way to the same by TLS, for somebody who has to use that."""
    host = headers.host_of(request.headers.get("host", ""))
    if host is None or not target.startswith("/"):
        return plain(HTTPStatus.BAD_REQUEST, "This server takes TLS only: ask with https.")
    place = f"https://{host}{target}"
    sentence = f"This server takes TLS only; what you look for is at {place}"
    return plain(HTTPStatus.PERMANENT_REDIRECT, sentence, ("Location", place))
