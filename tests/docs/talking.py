"""A conversation as `docs/protocol.md` writes it down, and the same one held with a server.

Each line is `NAME > FRAME` for what a client sends and `NAME < FRAME` for what it receives; every
name is a connection of its own, opened by its first line.
"""

import json
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from typing import NamedTuple, Protocol

from chatroom.protocol.frames import FrameDecoder

DEADLINE = 20.0
"""Seconds that a frame may take."""

Frame = dict[str, object]


class Turn(NamedTuple):
    """One line of a conversation."""

    who: str
    sent: bool
    """Whether the client sends the frame; otherwise it receives it."""
    frame: Frame


def read(text: str) -> list[Turn]:
    """Returns the turns that `text` writes down."""
    return [_turn(line) for line in text.splitlines() if line.strip()]


def _turn(line: str) -> Turn:
    who, direction, frame = line.split(None, 2)
    assert direction in {"<", ">"}, line
    return Turn(who, direction == ">", json.loads(frame))


class Speaker(Protocol):
    """A client that holds a conversation."""

    def send(self, frame: Frame) -> None:
        """Sends a frame."""

    def receive(self) -> Frame:
        """Returns the next frame."""
        ...

    def close(self) -> None:
        """Ends it."""


class Client:
    """A connection that takes one frame after the other.

    Args:
        port: where the server listens on this machine.
    """

    def __init__(self, port: int) -> None:
        self._sock = socket.create_connection(("127.0.0.1", port), DEADLINE)
        self._decoder = FrameDecoder(1 << 20)
        self._frames = self._receive()

    def send(self, frame: Frame) -> None:
        """Sends a frame as the requirement encodes it, without a newline."""
        self._sock.sendall(json.dumps(frame).encode("utf-8"))

    def send_raw(self, data: bytes) -> None:
        """Sends bytes."""
        self._sock.sendall(data)

    def receive(self) -> Frame:
        """Returns the next frame; StopIteration at the end."""
        return next(self._frames)

    def rest(self) -> list[Frame]:
        """Returns all that comes until the server closes."""
        return list(self._frames)

    def close(self) -> None:
        """Ends it."""
        self._sock.close()

    def _receive(self) -> Iterator[Frame]:
        while data := self._sock.recv(65536):
            for frame in self._decoder.feed(data):
                assert isinstance(frame, dict), frame
                yield frame


SECRETS = {"epoch", "session"}
"""Fields whose values the server draws by chance; what is written stands for the real ones."""


def hold(
    turns: Sequence[Turn], port: int, opened: Callable[[int], Speaker] = Client
) -> Iterator[Turn]:
    """Holds a conversation with a server; yields each turn with what was really said.

    Args:
        turns: what is said.
        port: where the server listens on this machine.
        opened: connects a client.
    """
    with ExitStack() as stack:
        clients: dict[str, Speaker] = {}
        real: dict[object, object] = {}
        for who, sent, frame in turns:
            if who not in clients:
                clients[who] = opened(port)
                stack.callback(clients[who].close)
            if sent:
                clients[who].send(_in_real(frame, real))
                yield Turn(who, sent, frame)
            else:
                received = clients[who].receive()
                _learn(frame, received, real)
                yield Turn(who, sent, received)


def _learn(written: object, received: object, real: dict[object, object]) -> None:
    """Notes which secrets of the server those in `written` stand for."""
    if not (isinstance(written, dict) and isinstance(received, dict)):
        return
    for key in set(written) & set(received):
        if key in SECRETS:
            real.setdefault(written[key], received[key])
        else:
            _learn(written[key], received[key], real)


def _in_real(frame: Frame, real: dict[object, object]) -> Frame:
    """Returns `frame` with the server's own secrets in place of those that are written."""
    return {
        key: _in_real(value, real)
        if isinstance(value, dict)
        else real.get(value, value)
        if key in SECRETS
        else value
        for key, value in frame.items()
    }
