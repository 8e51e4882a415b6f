"""Where a client stands in all the logs that it may read, and what the server says about that."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from chatroom.client.events import Gap, GapReason, Log
from chatroom.client.kept import Place
from chatroom.client.position import Position
from chatroom.client.wire import Inquiry, Lacking, Standing

_REASONS: dict[str, GapReason] = {"epoch": "epoch", "retention": "retention", "ahead": "ahead"}
"""Why entries will not come. What a newer server says besides is a hole."""


class Missing(NamedTuple):
    """Entries that will not come."""

    position: Position
    """Where we stand behind them."""
    gap: Gap
    """What is to be told of them."""


class Places:
    """The positions in the room's log and in our inbox. Belongs to the listening thread.

    Args:
        known: Positions of an earlier life.
        ask_again: Whether what is missing may be asked for on another line.
    """

    def __init__(self, known: Mapping[str, Place], *, ask_again: bool) -> None:
        self.room = Position("room", known.get("room"), ask_again=ask_again)
        """The public messages."""
        self.inbox = Position("inbox", known.get("inbox"), ask_again=ask_again)
        """The direct messages to us."""
        self._by_log: dict[str, Position] = {"room": self.room, "inbox": self.inbox}
        self._epochs: dict[str, str] = {}  # of the logs, as the line's welcome told them

    def known(self) -> dict[Log, Place]:
        """Returns the positions, of those logs where they are known."""
        places = {position.log: position.place for position in (self.room, self.inbox)}
        return {log: place for log, place in places.items() if place is not None}

    def enter(self, standings: Mapping[str, Standing]) -> int:
        """Takes up a new line; returns how many entries it brings before all that is new."""
        count = 0
        for log, standing in standings.items():
            position = self._by_log.get(log)
            if position is None:  # a newer server has more logs
                continue
            self._epochs[log] = standing.epoch
            if position.epoch is None:
                position.move(standing.epoch, standing.first - 1)
            count += _to_come(position, standing)
        return count

    def lack(self, frame: Lacking) -> Iterator[Missing]:
        """Takes in that entries will not come, and passes them.

        Raises:
            LineBroken: Others are missing before them.
        """
        position, epoch = self._by_log.get(frame.log), self._epochs.get(frame.log)
        if position is None or epoch is None:
            return
        first, reason = frame.first, _REASONS.get(frame.reason, "hole")
        if reason in {"epoch", "ahead"}:  # what follows has these places, or others, anew
            position.move(epoch, first - 1)
        elif position.has(epoch, frame.last):
            return
        else:
            hole = position.reach(epoch, first - 1)
            first = position.seq + 1 if hole is None else hole.first
            position.move(epoch, frame.last)
        missed = max(0, frame.last - first + 1)
        yield Missing(position, Gap(position.log, first, frame.last, missed, reason))

    def check(self, inquiry: Inquiry) -> Iterator[Missing]:
        """Compares the positions with what the server has sent, and passes what is missing.

        Raises:
            LineBroken: Entries are missing, and are to be asked for once more.
        """
        for log, head in inquiry.logs.items():
            position = self._by_log.get(log)
            gap = None if position is None else position.reach(head.epoch, head.head)
            if position is not None and gap is not None:
                yield Missing(position, gap)


def _to_come(position: Position, standing: Standing) -> int:
    """Returns how many entries up to the head are to come that we do not have."""
    first = standing.first
    own = 0
    if standing.epoch == position.epoch:
        first = max(first, position.seq + 1)
        own = sum(first <= place <= standing.head for place in position.own)
    return max(0, standing.head + 1 - first - own)
