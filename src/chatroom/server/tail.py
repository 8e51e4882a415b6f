"""The newest public messages as they go over the wire, for readers who are a little behind."""

from bisect import bisect_right
from collections import deque
from collections.abc import Sequence
from itertools import pairwise

from chatroom.server.face import LINES, Framing

TAIL_BYTES = 8 * 1024 * 1024
"""How much is kept. Whoever is further behind gets what was missed from the log."""


class Run:
    """Consecutive messages of one log, encoded and joined: all of a face are sent the same bytes.

    Args:
        first: the place of the first one in the log.
        frames: the messages, of which there may be none.
    """

    __slots__ = ("_ends", "_framed", "data", "first", "next", "size")

    def __init__(self, first: int, frames: Sequence[bytes] = ()) -> None:
        self.first = first
        self.next = first + len(frames)
        """The place behind the last one."""
        self.data = b"".join(frames)
        self._ends: list[int] = [0]
        end = 0
        for frame in frames:
            end += len(frame)
            self._ends.append(end)
        self._framed: dict[Framing, Run] = {}  # for faces whose messages are not lines
        self.size = end
        """How many bytes it has, in all framings that were asked for."""

    def framed(self, framing: Framing) -> "Run":
        """Return these messages, which are lines, as the readers of a face get them."""
        if framing is LINES or not self.data:
            return self
        found = self._framed.get(framing)
        if found is None:
            lines = [self.data[start:end] for start, end in pairwise(self._ends)]
            found = self._framed[framing] = Run(self.first, [framing.frame(line) for line in lines])
            self.size += found.size
        return found

    def cut(self, start: int, stop: int) -> memoryview:
        """Return the bytes of the messages from place `start` up to, without, place `stop`."""
        ends = self._ends
        return memoryview(self.data)[ends[start - self.first] : ends[stop - self.first]]

    def locate(self, start: int, count: int) -> tuple[int, bytes]:
        """Say how far the first `count` bytes behind place `start` reach.

        Returns:
            The place behind the message they end in, and what is missing of that message.
        """
        at = self._ends[start - self.first] + count
        index = bisect_right(self._ends, at) - 1
        if self._ends[index] == at:
            return self.first + index, b""
        return self.first + index + 1, self.data[at : self._ends[index + 1]]


class Tail:
    """The newest runs, the oldest forgotten first. Belongs to the delivery thread.

    Args:
        limit: how many bytes are kept, in all framings, beside the newest run.
    """

    def __init__(self, limit: int = TAIL_BYTES) -> None:
        self._limit = limit
        self._runs: deque[Run] = deque()
        self._bytes = 0

    def add(self, run: Run) -> None:
        """Keep `run`, which follows the one added before."""
        self._runs.append(run)
        self._bytes += run.size
        self._forget()

    def framed(self, run: Run, framing: Framing) -> Run:
        """Return `run`, which is kept here, as a face sends it."""
        size = run.size
        found = run.framed(framing)
        self._bytes += run.size - size
        self._forget()
        return found

    def find(self, place: int, framing: Framing = LINES) -> Run | None:
        """Return the run that holds `place`, as a face sends it; None if it is not kept."""
        index = bisect_right(self._runs, place, key=_first) - 1
        if index < 0 or place >= self._runs[index].next:
            return None
        return self.framed(self._runs[index], framing)

    def _forget(self) -> None:
        while self._bytes > self._limit and len(self._runs) > 1:
            self._bytes -= self._runs.popleft().size


def _first(run: Run) -> int:
    return run.first
