"""The way in through a WebSocket (RFC 6455), and how messages are wrapped for it."""

from typing import ClassVar

from benchmarks.load.orders import HOST
from benchmarks.load.wire import Json, Refused, Wrapping

_HANDSHAKE = (
    f"GET /ws HTTP/1.1\r\nHost: {HOST}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
).encode()

_MASKED_TEXT = 0x81
_MASKED = 0x80
_MEDIUM = 126
"""Says that 16 bits hold the length; one more, that 64 do."""
_MASK = b"\0\0\0\0"
"""Masking with it changes nothing, which spares the load generator the work and not the server."""


def masked(text: bytes) -> bytes:
    """Return a text message of a client (sections 5.2 and 5.3)."""
    length = len(text)
    if length < _MEDIUM:
        return bytes((_MASKED_TEXT, _MASKED | length)) + _MASK + text
    return bytes((_MASKED_TEXT, _MASKED | _MEDIUM)) + length.to_bytes(2, "big") + _MASK + text


class Framed(Wrapping):
    """A message within a frame."""

    __slots__ = ()

    def wrap(self, text: bytes, number: int) -> bytes:
        """Return the message, with its number where that is wanted."""
        return masked(super().wrap(text, number))


class WebSocket(Json):
    """The same as JSON lines, each a message.

    It does not answer pings: no scenario of it is as long as the minute in which that is no matter.
    """

    lines: ClassVar[bool] = False

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self._is_open = False

    def hello(self) -> bytes:
        """Return the opening handshake."""
        return _HANDSHAKE

    def feed(self, data: bytes) -> bytes:
        """Log in when the WebSocket is open, and take the messages until the welcome has come."""
        self.rest += data
        login = b""
        if not self._is_open:
            head, end, rest = self.rest.partition(b"\r\n\r\n")
            if not end:
                return b""
            if not head.startswith(b"HTTP/1.1 101 "):
                raise Refused(head.decode(errors="replace"))
            self._is_open, self.rest = True, rest
            login = masked(super().hello().rstrip())
        while not self.is_in and (message := self._message()) is not None:
            self.answer(message)
        return login

    def _message(self) -> bytes | None:
        """Take the next message out of what came, None if it is not whole."""
        rest = self.rest
        length, begin = (rest[1] if len(rest) > 1 else 0), 2
        if length >= _MEDIUM:
            begin = 4 if length == _MEDIUM else 10
            length = int.from_bytes(rest[2:begin], "big")
        if len(rest) < max(2, begin + length):
            return None
        self.rest = rest[begin + length :]
        return rest[begin : begin + length]

    @staticmethod
    def to_room() -> Wrapping:
        """Return a PM."""
        return _framed(Json.to_room())

    @staticmethod
    def to_client(number: int) -> Wrapping:
        """Return a DM."""
        return _framed(Json.to_client(number))


def _framed(line: Wrapping) -> Framed:
    return Framed(line.before, line.behind.rstrip(), line.numbered)
