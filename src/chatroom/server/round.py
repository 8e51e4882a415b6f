"""One round of the delivery: what was committed together, made into frames and their places."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from chatroom.log.base import Appended, Outcome, Refused, StorageFull
from chatroom.log.committer import Done
from chatroom.protocol import events
from chatroom.protocol.errors import ErrorCode, ProtocolError
from chatroom.room.room import absent
from chatroom.room.tickets import Arrival
from chatroom.server.face import LINES
from chatroom.server.insert import Insert
from chatroom.server.outbox import Outbox
from chatroom.server.tail import Run
from chatroom.server.tickets import Ticket

CONFIRMATION_WEIGHT = 256
"""What the reply to a PM or DM counts among a connection's own replies, whatever it says."""


class Newest(NamedTuple):
    """The last of those who come in during a round."""

    arrival: Arrival[Outbox]
    users: bytes
    """The list in it, encoded."""


class Round:
    """Collects the public messages of a round, and what goes between them to single readers.

    Args:
        first: the place of the first public message that is going to be added.
        done: what was committed.
    """

    def __init__(self, first: int, done: Sequence[Done[Ticket]] = ()) -> None:
        self.done = done
        self.newest: Newest | None = None
        """Who comes in last, with the list of users for all who do; None until somebody does."""
        self.first = first
        self.next = first
        """The place of the next public message."""
        self.inserts: dict[Outbox, list[Insert]] = {}
        self._frames: list[bytes] = []

    def add(self, frame: bytes) -> None:
        """Take up a public message."""
        self._frames.append(frame)
        self.next += 1

    def insert(
        self, outbox: Outbox, frame: bytes, *, weight: int = 0, inbox: int = 0, late: bytes = b""
    ) -> None:
        """Put something for one reader behind what there is so far.

        One that is not in the room stands at no place, so it gets it before everything else.
        """
        place = self.next if outbox.account is not None else 0
        self._put(outbox, Insert(place, frame, place, weight, inbox, late))

    def insert_framed(self, outbox: Outbox, data: bytes, *, weight: int = 0) -> None:
        """Put something for one reader that is as its face sends it behind what there is so far."""
        place = self.next if outbox.account is not None else 0
        self._put(outbox, Insert(place, data, place, weight), framed=True)

    def insert_first(self, outbox: Outbox, frame: bytes) -> None:
        """Put something for one reader, who has just come in, before its first public message."""
        self._put(outbox, Insert(outbox.begin, frame, outbox.begin))

    def _put(self, outbox: Outbox, insert: Insert, *, framed: bool = False) -> None:
        if not framed and outbox.framing is not LINES:
            insert = insert.framed(outbox.framing)
        inserts = self.inserts.get(outbox)
        if inserts is None:
            self.inserts[outbox] = [insert]
        else:
            inserts.append(insert)

    def touch(self, outbox: Outbox) -> None:
        """See to it that a reader is looked at, even if it gets nothing of its own."""
        self.inserts.setdefault(outbox, [])

    def drop(self, outbox: Outbox) -> None:
        """Give up what there is so far for one reader."""
        self.inserts[outbox] = []

    def insert_instead(self, outbox: Outbox, frame: bytes, *, weight: int) -> None:
        """Put something for one reader in the place of the public message that is added next."""
        self._put(outbox, Insert(self.next, frame, self.next + 1, weight))

    def run(self) -> Run:
        """Return the public messages of the round."""
        return Run(self.first, self._frames)


def refusal(
    outcome: Outcome | StorageFull | None, command: str, id: str | None, to: str = ""
) -> bytes:
    """Return the reply to a message that is not in the log.

    Args:
        outcome: what became of it.
        command: "PM" or "DM".
        id: the client's own name for it, None where it gave none.
        to: whom a direct message was for.
    """
    if isinstance(outcome, StorageFull):
        problem = ProtocolError(
            ErrorCode.STORAGE_FULL,
            "The server's disk is full, so the message was not sent; try again later.",
        )
    elif isinstance(outcome, Refused):
        problem = absent(to)
    else:
        problem = ProtocolError(
            ErrorCode.ID_REUSED,
            "You have sent another message with this id; give this one an id of its own.",
            field="id",
        )
    return events.error(problem, command, id)


class Stamps:
    """The ends of entries, made once for all entries of a log that were committed together.

    Args:
        epoch: gives the epoch of a log; see `Store.epoch`.
    """

    def __init__(self, epoch: Callable[[int], str]) -> None:
        self._epoch = epoch
        self._newest: dict[int, tuple[float, str]] = {}  # by log, the time and what was made of it

    def of(self, log: int, outcome: Appended) -> str:
        """Return the end of the entry of `log` that `outcome` tells of."""
        ts, made = self._newest.get(log, (None, ""))
        if ts != outcome.ts:
            made = events.stamp(self._epoch(log), outcome.ts)
            self._newest[log] = outcome.ts, made
        return made
