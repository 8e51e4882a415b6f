"""Where a client stands in a log, and which entries it must have missed.

Entries reach a client as messages of others, in the order of the log, and as confirmations of its
own messages, which are not sent back to it. So a place that is skipped is not missed yet: it may be
an own message whose confirmation is still on its way. A hole is *ripe*, and told, when a message
from behind it has come and every request has been answered that was out when the hole was seen.

Belongs to the listening thread; knows no clock and no lock.
"""

from typing import Literal

import msgspec

from chatroom.client.events import Gap


class _Hole(msgspec.Struct):
    """Places that were skipped."""

    first: int
    last: int
    newest: int  # the number of the newest request that was out when the hole was seen
    passed: bool  # whether a message of somebody else from behind it has come


class Position:
    """The position in one log.

    Args:
        log: What the log is called in a `Gap`.
    """

    def __init__(self, log: Literal["room", "inbox"]) -> None:
        self._log: Literal["room", "inbox"] = log
        self.epoch: str | None = None  # None until the first entry is seen
        self.seq = 0  # the highest place seen, all below it seen or in a hole
        self._holes: list[_Hole] = []

    def entry(self, epoch: str, seq: int, prev: int, newest: int) -> None:
        """Takes note of somebody's message.

        Args:
            epoch: The log's incarnation.
            seq: Its place.
            prev: The place before it.
            newest: The number of the newest request that is out; 0 when none of them can be
                confirmed with a place in this log.
        """
        if epoch == self.epoch and prev == self.seq and not self._holes:
            self.seq = seq
            return
        self._reach(epoch, seq, prev, newest)
        for hole in self._holes:
            hole.passed = hole.passed or hole.last < seq

    def own(self, epoch: str, seq: int, newest: int) -> None:
        """Takes note of the confirmation of an own message; arguments as for `entry()`."""
        self._reach(epoch, seq, seq - 1, newest)

    def _reach(self, epoch: str, seq: int, prev: int, newest: int) -> None:
        if self.epoch is None:  # we came in the middle: what was before is not ours
            self.epoch, self.seq = epoch, seq
        elif epoch != self.epoch:  # another log: all of it that was before is missed
            self.epoch, self.seq, self._holes = epoch, 0, []
        if seq <= self.seq:
            self._fill(seq)
            return
        if prev > self.seq:
            self._holes.append(_Hole(self.seq + 1, prev, newest, passed=False))
        self.seq = seq

    def _fill(self, seq: int) -> None:
        """Takes one place out of the holes."""
        holes: list[_Hole] = []
        for hole in self._holes:
            if hole.first <= seq <= hole.last:
                below = _Hole(hole.first, seq - 1, hole.newest, hole.passed)
                above = _Hole(seq + 1, hole.last, hole.newest, hole.passed)
                holes += [part for part in (below, above) if part.first <= part.last]
            else:
                holes.append(hole)
        self._holes = holes

    @property
    def waiting(self) -> bool:
        """Whether there are holes that may become gaps."""
        return bool(self._holes)

    def ripe(self, oldest: int) -> list[Gap]:
        """Returns the holes that are certain by now, each once, oldest first.

        Args:
            oldest: The number of the oldest request that is out; above all others if none is.
        """
        ripe = [hole for hole in self._holes if hole.passed and hole.newest < oldest]
        self._holes = [hole for hole in self._holes if hole not in ripe]
        return [
            Gap(self._log, hole.first, hole.last, hole.last - hole.first + 1, "hole")
            for hole in ripe
        ]
