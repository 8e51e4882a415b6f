"""A client that speaks through a WebSocket and knows nothing but RFC 6455 and the wire.

It shares no code with the library that the server reads frames with, so that the two check each
other.
"""

import base64
import hashlib
import json
from collections import deque

from tests.conversation import Client, Frame, line
from tests.secure import SecureClient

TEXT, BINARY, CLOSE, PING, PONG, CONTINUATION = 1, 2, 8, 9, 10, 0
"""Opcodes (section 5.2)."""

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
"""What a client proves with that the server has read its request: the example of section 1.3."""

MASK = b"\x37\xfa\x21\x3d"


def frame(
    payload: bytes = b"",
    opcode: int = TEXT,
    *,
    last: bool = True,
    reserved: int = 0,
    mask: bytes = MASK,
) -> bytes:
    """Return one frame as a client has to send it, but for what the arguments make wrong.

    Args:
        payload: what is in it.
        opcode: what it is.
        last: whether its message ends with it.
        reserved: the three bits that are to be zero.
        mask: what the payload is masked with; empty to leave it as it is.
    """
    masked = bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload)) if mask else payload
    length, bit = len(payload), 0x80 if mask else 0
    if length < 126:
        size = bytes([bit | length])
    elif length < 65536:
        size = bytes([bit | 126]) + length.to_bytes(2, "big")
    else:
        size = bytes([bit | 127]) + length.to_bytes(8, "big")
    return bytes([last << 7 | reserved << 4 | opcode]) + size + mask + masked


def handshake(host: str = "127.0.0.1", *more: str, path: str = "/ws") -> bytes:
    """Return the request that opens a WebSocket.

    Args:
        host: who is asked.
        *more: further headers.
        path: where the WebSocket is.
    """
    return "\r\n".join([
        f"GET {path} HTTP/1.1",
        f"Host: {host}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Key: {KEY}",
        "Sec-WebSocket-Version: 13",
        *more,
        "\r\n",
    ]).encode()  # fmt: skip


def accepted() -> str:
    """Return what the server proves with that it has read the request (section 4.2.2)."""
    digest = hashlib.sha1(f"{KEY}258EAFA5-E914-47DA-95CA-C5AB0DC85B11".encode()).digest()  # noqa: S324 - as the RFC has it
    return base64.b64encode(digest).decode()


def cut(data: bytes) -> tuple[list[tuple[int, bytes]], bytes]:
    """Return the whole frames of a server in `data`, opcode and payload of each, and the rest."""
    found: list[tuple[int, bytes]] = []
    while len(data) >= 2:
        first, length = data[0], data[1]
        assert first & 0x70 == 0, "a reserved bit is set"
        assert first & 0x80, "the server sends no message in pieces"
        assert length < 128, "a server masks nothing (section 5.1)"
        begin = 2
        if length > 125:
            begin = 4 if length == 126 else 10
            shortest = 126 if length == 126 else 65536
            length = int.from_bytes(data[2:begin], "big")
            assert len(data) < begin or length >= shortest, "a length is written longer than needed"
        if len(data) < begin + length:
            break
        found.append((first & 0x0F, data[begin : begin + length]))
        data = data[begin + length :]
    return found, data


class WebSocketClient(Client):
    """One connection through a WebSocket. What the server closes it with is in `closed`."""

    def __init__(
        self, address: tuple[str, int], *, receive_bytes: int = 0, source: str = ""
    ) -> None:
        super().__init__(address, receive_bytes=receive_bytes, source=source)
        self.closed: tuple[int, str] | None = None
        """The code and the reason that the server closed the WebSocket with."""
        self.pongs: list[bytes] = []
        """What the pongs of the server held."""
        self._events: deque[bytes] = deque()
        self._left = b""  # what came of a frame that is not whole
        self.open()

    def open(self) -> None:
        """Opens the WebSocket."""
        self.sock.sendall(handshake())
        head = b""
        while b"\r\n\r\n" not in head:
            data = self.sock.recv(4096)
            assert data, head
            head += data
        lines, _, self._left = head.partition(b"\r\n\r\n")
        status, *found = lines.decode().split("\r\n")
        assert status == "HTTP/1.1 101 Switching Protocols"
        headers = dict(each.lower().split(": ", 1) for each in found)
        assert headers["upgrade"] == "websocket"
        assert headers["connection"] == "upgrade"
        assert headers["sec-websocket-accept"] == accepted().lower()
        assert "sec-websocket-extensions" not in headers

    def send_bytes(self, data: bytes) -> None:
        """Sends `data` as one message."""
        self.sock.sendall(frame(data))

    def send_pieces(self, *pieces: bytes) -> None:
        """Sends one message in so many frames."""
        for number, piece in enumerate(pieces):
            opcode = CONTINUATION if number else TEXT
            self.sock.sendall(frame(piece, opcode, last=number == len(pieces) - 1))

    def send(self, command: str, **fields: object) -> None:
        """Sends one command."""
        self.send_bytes(line(command, **fields).rstrip())

    def read(self) -> Frame:
        """Returns the next event, whatever it is."""
        while not self._events:
            data = self.sock.recv(1 << 18)
            if not data:
                assert not self._left, f"the stream ended within a frame: {self._left[-200:]!r}"
                raise EOFError
            found, self._left = cut(self._left + data)
            for opcode, payload in found:
                self._take(opcode, payload)
        event = json.loads(self._events.popleft().decode())
        assert isinstance(event, dict)
        return event

    def _take(self, opcode: int, payload: bytes) -> None:
        assert self.closed is None, "nothing comes behind a close (section 5.5.1)"
        if opcode == CLOSE:
            self.closed = int.from_bytes(payload[:2], "big"), payload[2:].decode()
        elif opcode == PONG:
            self.pongs.append(payload)
        else:
            assert opcode == TEXT
            assert b"\n" not in payload
            self._events.append(payload)


class SecureWebSocketClient(WebSocketClient, SecureClient):
    """The same within TLS."""
