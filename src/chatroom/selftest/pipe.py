"""One direction of a connection that goes through the proxy: bytes, and when each may go on."""

import socket
from collections import deque

PIPE_BYTES = 262_144
"""How many bytes are kept for a side that takes none; then no more are read from the other."""

SPLIT_BYTES = 2000
"""How many bytes of a connection that is split go on in small pieces."""

_PAUSE = 0.0005  # seconds between two such pieces, so that they arrive as two


class Pipe:
    """Keeps what came from one side until the other has taken it.

    Args:
        sink: Where it goes, not blocking.
        delay: How long everything is held back, in seconds.
        piece: The most bytes that go on together at first; 0 for all that there are.
    """

    def __init__(self, sink: socket.socket, delay: float = 0.0, piece: int = 0) -> None:
        self._sink = sink
        self._delay = delay
        self._piece = piece
        self._to_split = SPLIT_BYTES if piece else 0
        self._kept: deque[tuple[float, bytes]] = deque()  # with the time from which it may go
        self._size = 0
        self.ended = False
        """Whether nothing more comes."""
        self.blocked = False
        """Whether the sink takes nothing at the moment."""

    @property
    def full(self) -> bool:
        """Whether it can take no more for now."""
        return self._size >= PIPE_BYTES

    @property
    def due(self) -> float | None:
        """From when something may go on, None if nothing is kept."""
        return self._kept[0][0] if self._kept else None

    @property
    def finished(self) -> bool:
        """Whether everything has gone on and nothing more comes."""
        return self.ended and not self._kept

    def put(self, data: bytes, now: float) -> None:
        """Takes bytes that came at this time."""
        self._size += len(data)
        when = now + self._delay
        while self._to_split > 0 and data:
            piece, data = data[: self._piece], data[self._piece :]
            self._to_split -= len(piece)
            self._kept.append((when, piece))
            when += _PAUSE
        if data:
            self._kept.append((when, data))

    def hurry(self) -> None:
        """Lets everything go on at once from now on."""
        self._delay, self._to_split = 0.0, 0
        self._kept = deque([(0.0, b"".join(data for _, data in self._kept))] if self._kept else ())

    def pump(self, now: float) -> None:
        """Passes on what may go, as far as the sink takes it.

        Raises:
            OSError: The sink is gone.
        """
        self.blocked = False
        while self._kept and self._kept[0][0] <= now:
            when, data = self._kept.popleft()
            try:
                sent = self._sink.send(data)
            except BlockingIOError:
                sent = 0
            self._size -= sent
            if sent < len(data):
                self._kept.appendleft((when, data[sent:]))
                self.blocked = True
                return
