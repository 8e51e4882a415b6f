"""The face of the WebSocket (RFC 6455), once it is open.

A text message from the client is a line of JSON, and so is each of the server's. `websockets` reads
the frames and answers those that are for the protocol itself.
"""

import codecs
import json
from collections.abc import Iterator, Sequence

from websockets.exceptions import PayloadTooBig
from websockets.frames import Close, CloseCode, Frame, Opcode
from websockets.protocol import Event, Protocol, Side, State

from chatroom.config import Limits
from chatroom.protocol.errors import ErrorCode, ProtocolError
from chatroom.server.face import End, Item, Raw
from chatroom.server.lines import Allowance, JsonLines

_TEXT = 0x81
"""The first byte of a frame that is a whole text message (section 5.2)."""

_SHORT, _MEDIUM = 126, 1 << 16
"""From which lengths on a frame has 16, and 64, bits for its length."""

_CONTROL = frozenset({Opcode.CLOSE, Opcode.PING, Opcode.PONG})

CLOSE_CODES = {
    "exit": CloseCode.NORMAL_CLOSURE,
    "shutting_down": CloseCode.GOING_AWAY,
    "frame_too_large": CloseCode.MESSAGE_TOO_BIG,
}
"""What a WebSocket is closed with, by the reason in the `bye` (section 7.4.1)."""


class _Messages:
    """Each event is a text message of one frame, without its newline.

    A frame is put together here and not by `Frame.serialize`, which takes six times as long: it is
    done for every message in the room.
    """

    def frame(self, lines: bytes) -> bytes:
        return b"".join([_head(len(line)) + line for line in lines.split(b"\n")[:-1]])

    def farewell(self, lines: bytes) -> bytes:
        bye = json.loads(lines.split(b"\n")[-2])
        code = CLOSE_CODES.get(bye["reason"], CloseCode.POLICY_VIOLATION)
        close = Frame(Opcode.CLOSE, Close(code, bye["reason"]).serialize())
        return self.frame(lines) + close.serialize(mask=False)


MESSAGES = _Messages()
"""How the readers of all WebSockets are sent events."""


def _head(length: int) -> bytes:
    """Return what a text message of so many bytes begins with (section 5.2)."""
    if length < _SHORT:
        return bytes((_TEXT, length))
    if length < _MEDIUM:
        return bytes((_TEXT, 126)) + length.to_bytes(2, "big")
    return bytes((_TEXT, 127)) + length.to_bytes(8, "big")


class WebSocket:
    """One connection. Belongs to its reading thread.

    Args:
        limits: how much the client may send. What its messages are packed in counts too.
    """

    name = "websocket"
    framing = MESSAGES

    def __init__(self, limits: Limits) -> None:
        self._protocol = Protocol(Side.SERVER, state=State.OPEN, max_size=limits.frame_bytes)
        self._allowance = Allowance(limits.login_bytes)
        self._limit = limits.frame_bytes
        self._lines = JsonLines(limits)
        self._lines.admit()  # it has been counted here what comes before the login
        self._text = bytearray()  # what has come of a message that is not whole
        self._utf8 = codecs.getincrementaldecoder("utf-8")()

    def admit(self) -> None:
        """Note that the client has logged in."""
        self._allowance.lift()

    def feed(self, data: bytes) -> Iterator[Item]:
        """Take the next bytes of the client and yield what they come to, in order."""
        try:
            for portion in self._allowance.portions(data):
                yield from self._receive(portion)
        except ProtocolError as problem:
            yield problem

    def _receive(self, data: bytes) -> Iterator[Item]:
        protocol = self._protocol
        protocol.receive_data(data)
        yield from self._lines.feed(self._take(protocol.events_received()))
        if isinstance(protocol.parser_exc, PayloadTooBig):
            yield ProtocolError(
                ErrorCode.FRAME_TOO_LARGE,
                f"A message may have {self._limit} bytes and no more. Connect again and send less.",
            )
        replies = b"".join(protocol.data_to_send())
        if protocol.state is not State.OPEN:
            yield End(replies)
        elif replies:
            yield Raw(replies)

    def _take(self, events: Sequence[Event]) -> bytes:
        """Return the messages that some frames complete, each as a line.

        They are decoded together, which saves a third of the time. What is wrong closes the
        WebSocket, and nothing behind it counts.
        """
        whole = 0
        for frame in events:
            if not isinstance(frame, Frame) or frame.opcode in _CONTROL:
                continue
            if frame.opcode is Opcode.BINARY:
                self._protocol.fail(CloseCode.UNSUPPORTED_DATA, "only text is read here")
                break
            try:
                self._utf8.decode(frame.data, final=frame.fin)  # section 8.1
            except UnicodeDecodeError as error:
                self._protocol.fail(CloseCode.INVALID_DATA, f"not UTF-8: {error.reason}")
                break
            self._text += frame.data
            if frame.fin:
                self._text += b"\n"
                whole = len(self._text)
        lines = bytes(self._text[:whole])
        del self._text[:whole]
        return lines
