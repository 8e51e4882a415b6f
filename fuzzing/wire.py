"""The two ends of a connection that is none: one thread asks the one for what the other says."""

import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class Peer(Protocol):
    """The other end of a connection."""

    def meet(self, wire: "Wire") -> None:
        """Learn which wire it is at the end of."""

    def speak(self) -> bytes:
        """Return what the client says next, nothing at its end. The server waits for it."""

    def hear(self, data: bytes) -> None:
        """Take what the server says."""


class Wire(socket.socket):
    """The server's end of a connection.

    Args:
        peer: the other end.
        pump: called when the server waits: it is time for committer and delivery.
    """

    def __init__(self, peer: Peer, pump: Callable[[], None]) -> None:
        end, self._other = socket.socketpair()
        super().__init__(fileno=end.detach())
        self._peer = peer
        self._pump = pump
        self.taken = 0
        """How many bytes it has taken."""
        self._rest = b""
        self.room: int | None = None
        """How many bytes it still takes; None for any number."""
        self.cut = False
        """Whether the server has given the connection up."""

    def recv(self, size: int, flags: int = 0, /) -> bytes:
        """Return what the client says next."""
        del flags
        self._pump()
        data = self._rest or (b"" if self.cut else self._peer.speak())
        self._pump()
        self._rest = data[size:]
        return data[:size]

    def send(self, data: "ReadableBuffer", flags: int = 0, /) -> int:
        """Take so much of `data` as there is room for."""
        taken = bytes(data)
        if self.room is not None:
            taken = taken[: self.room]
            self.room -= len(taken)
            if not taken and flags & socket.MSG_DONTWAIT:
                raise BlockingIOError
        self.taken += len(taken)
        self._peer.hear(taken)
        return len(taken)

    def sendall(self, data: "ReadableBuffer", flags: int = 0, /) -> None:
        """Take all of it."""
        del flags
        self._peer.hear(bytes(data))

    def shutdown(self, how: int, /) -> None:
        """End it."""
        self.cut = self.cut or how != socket.SHUT_WR

    def close(self) -> None:
        """Close both ends."""
        super().close()
        self._other.close()
