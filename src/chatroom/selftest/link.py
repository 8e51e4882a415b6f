"""One connection that goes through the proxy, with what is to become of it."""

import contextlib
import math
import selectors
import socket
import struct
from collections.abc import Callable

from chatroom.selftest.pipe import Pipe
from chatroom.selftest.plan import Fate

_READ_BYTES = 65536
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER: a close that is a reset


class Link:
    """Joins a client's connection to one to the server. Belongs to the proxy's thread.

    Args:
        near: The client's end, not blocking.
        far: The server's end, not blocking.
        fate: What becomes of it.
        count: Called with what happens to it: "answered", "cut" or "stalled".
    """

    def __init__(
        self,
        near: socket.socket,
        far: socket.socket,
        fate: Fate,
        count: Callable[[str], None],
    ) -> None:
        self._fate = fate
        self._count = count
        self._passed = 0  # bytes, in both directions
        self._answered = False  # whether the server has said anything
        self._stalled_until = 0.0
        self.sockets = (near, far)
        """Both ends."""
        self.closed = False
        """Whether it is over."""
        self.wake_at = math.inf
        """When the proxy is going to look after it; the proxy's own."""
        self._reset = True
        self._pipes = {
            near: Pipe(far, fate.delay, fate.piece),
            far: Pipe(near, fate.delay, fate.piece),
        }

    def interest(self, end: socket.socket, now: float) -> int:
        """Returns what to wait for at one end: `selectors.EVENT_READ`, `EVENT_WRITE`, both or 0."""
        if now < self._stalled_until:
            return 0
        pipe = self._pipes[end]
        reads = selectors.EVENT_READ if not (pipe.full or pipe.ended) else 0
        return reads | (selectors.EVENT_WRITE if self._pipes[self._other(end)].blocked else 0)

    def due(self, now: float) -> float | None:
        """Returns when something is to be done without anything coming, None for never."""
        if now < self._stalled_until:
            return self._stalled_until
        times = [pipe.due for pipe in self._pipes.values() if not pipe.blocked]
        return min((time for time in times if time is not None), default=None)

    def read(self, end: socket.socket, now: float) -> None:
        """Takes what came at one end."""
        pipe = self._pipes[end]
        try:
            data = end.recv(_READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            self.close(reset=True)
            return
        if not data:
            pipe.ended = True
            return
        cut_after = self._fate.cut_after
        if cut_after is not None and self._passed + len(data) >= cut_after:
            pipe.put(data[: cut_after - self._passed], now)
            self._cut(now)
            return
        if end is self.sockets[1] and not self._answered:
            self._answered = True
            self._count("answered")
        pipe.put(data, now)
        self._passed += len(data)
        stall_after = self._fate.stall_after
        if stall_after is not None and self._passed >= stall_after:
            stall = self._fate.stall
            self._fate = Fate(cut_after=self._fate.cut_after, reset=self._fate.reset)
            self._stalled_until = now + stall
            self._count("stalled")

    def _cut(self, now: float) -> None:
        """Ends the connection behind the byte that is drawn for it."""
        self.hurry()
        self.pump(now)
        self.close(reset=self._fate.reset)
        self._count("cut")

    def pump(self, now: float) -> None:
        """Passes on what may go; passes an end on when all before it has gone."""
        if self.closed or now < self._stalled_until:
            return
        try:
            for end, pipe in self._pipes.items():
                pipe.pump(now)
                if pipe.finished:
                    with contextlib.suppress(OSError):  # it has been told before
                        self._other(end).shutdown(socket.SHUT_WR)
        except OSError:
            self.close(reset=True)
            return
        if all(pipe.finished for pipe in self._pipes.values()):
            self.close(reset=False)

    def calm(self) -> None:
        """Lets it be an ordinary connection from now on."""
        self._fate = Fate()
        self._stalled_until = 0.0
        self.hurry()

    def hurry(self) -> None:
        """Holds nothing back any more."""
        for pipe in self._pipes.values():
            pipe.hurry()

    def close(self, *, reset: bool) -> None:
        """Lets it be over; `release()` is to follow."""
        self.closed = True
        self._reset = reset

    def release(self) -> None:
        """Gives both sockets back, which tells both sides."""
        for end in self.sockets:
            if self._reset:
                with contextlib.suppress(OSError):
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            end.close()

    def _other(self, end: socket.socket) -> socket.socket:
        near, far = self.sockets
        return far if end is near else near
