"""The newest public messages as they go over the wire, for readers who are a little behind."""

from bisect import bisect_right
from collections import deque
from collections.abc import Sequence

TAIL_BYTES = 8 * 1024 * 1024
"""How much is kept. Whoever is further behind gets what was missed from the log."""


class Run:
    """Consecutive public messages, encoded and joined: every reader is sent the same bytes.

    Args:
        first: the place of the first one in the room's log.
        frames: the messages, of which there may be none.
    """

    __slots__ = ("_ends", "data", "first", "next")

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
        limit: how many bytes are kept, beside the newest run.
    """

    def __init__(self, limit: int = TAIL_BYTES) -> None:
        self._limit = limit
        self._runs: deque[Run] = deque()
        self._bytes = 0

    def add(self, run: Run) -> None:
        """Keep `run`, which follows the one added before."""
        self._runs.append(run)
        self._bytes += len(run.data)
        while self._bytes > self._limit and len(self._runs) > 1:
            self._bytes -= len(self._runs.popleft().data)

    def find(self, place: int) -> Run | None:
        """Return the run that holds `place`, None if it is not kept."""
        index = bisect_right(self._runs, place, key=_first) - 1
        if index < 0 or place >= self._runs[index].next:
            return None
        return self._runs[index]


def _first(run: Run) -> int:
    return run.first
