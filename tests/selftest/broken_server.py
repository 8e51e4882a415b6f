"""A server that is broken in one way: `python broken_server.py FAULT [OPTIONS OF SERVE]`.

Only tests of the self-test run it, to show that the self-test can fail. Each fault is given time to
show: what a sound server does in one step is done in two, with a pause between them.
"""

import functools
import os
import socket
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from msgspec.structs import replace

from chatroom import app
from chatroom.cli.main import main
from chatroom.log import opening
from chatroom.log.base import ROOM, Appended, Change, Draft, Outcome, Recall, Store
from chatroom.log.committer import Committer, Done, Job
from chatroom.log.sqlite import SqliteStore
from chatroom.protocol import events
from chatroom.room.roster import Member
from chatroom.room.tickets import Public
from chatroom.server.outbox import Outbox
from chatroom.server.tickets import Answer, Ticket

PAUSE = 0.05
"""How long a kill has to come between two steps that should be one, in seconds."""

DROPPED = 5
"""One entry of so many is left out of what a client missed."""


class Fresh(NamedTuple):
    """A public message that is not in the log, and what will become of it."""

    job: Job[Any]
    ticket: Public[Outbox]
    draft: Draft
    outcome: Appended

    def confirmed(self, epoch: str) -> Done[Ticket]:
        """Returns its confirmation."""
        stamp = events.stamp(epoch, self.outcome.ts)
        frame = events.confirmation(
            "PM", self.ticket.id, self.outcome.seq, stamp, "the room", duplicate=False
        )
        return Done(Answer(self.ticket.member.channel, frame), None, None)

    def delivered(self, nobody: Outbox) -> Done[Ticket]:
        """Returns its delivery to everyone, and its confirmation to nobody."""
        account = self.ticket.member.account
        ticket = Public(Member(account, nobody), self.ticket.id)
        return Done(ticket, self.draft, self.outcome)


def fresh(store: Store, jobs: Sequence[Job[Any]]) -> list[Fresh]:
    """Returns the public messages among `jobs` that are not in the log yet."""
    found: list[Fresh] = []
    for job in jobs:
        ticket, draft = job.ticket, job.change
        if isinstance(ticket, Public) and isinstance(draft, Draft):
            recall = Recall(draft.log, draft.author, draft.text, draft.id)
            if not isinstance(store.commit([recall])[0], Appended):
                seq = store.head(ROOM) + 1 + len(found)
                outcome = Appended(seq, round(time.time(), 3))
                found.append(Fresh(job, ticket, draft, outcome))
    return found


class ConfirmsEarly(Committer[Ticket]):
    """Confirms public messages, and commits them then."""

    def _commit(self, jobs: list[Job[Any]]) -> None:
        messages = fresh(self._store, jobs)
        if messages:
            epoch = self._store.epoch(ROOM)
            self._sink([message.confirmed(epoch) for message in messages])
            time.sleep(PAUSE)
        super()._commit(jobs)


class DeliversEarly(Committer[Ticket]):
    """Shows public messages to everyone, commits them then, and confirms them last."""

    @functools.cached_property
    def _nobody(self) -> Outbox:
        near, far = socket.socketpair()
        far.close()
        return Outbox(near)

    def _commit(self, jobs: list[Job[Any]]) -> None:
        messages = fresh(self._store, jobs)
        if messages:
            self._sink([message.delivered(self._nobody) for message in messages])
            time.sleep(PAUSE)
            self._store.commit([message.draft for message in messages])
            epoch = self._store.epoch(ROOM)
            self._sink([message.confirmed(epoch) for message in messages])
        told = [message.job for message in messages]
        super()._commit([job for job in jobs if job not in told])


class Forgetful(SqliteStore):
    """Stores messages without their ids."""

    def commit(self, changes: Sequence[Change]) -> list[Outcome]:
        """Do all of `changes` but what the ids are for."""
        outcomes = super().commit(
            [replace(change, id=None) if type(change) is Draft else change for change in changes]
        )
        time.sleep(PAUSE if any(isinstance(change, Draft) for change in changes) else 0.0)
        return outcomes


class Dying(SqliteStore):
    """Ends the process when some messages are in the store, but not a second time."""

    def commit(self, changes: Sequence[Change]) -> list[Outcome]:
        """Do all of `changes`, for the last time perhaps."""
        outcomes = super().commit(changes)
        died = Path(sys.argv[sys.argv.index("--data") + 1]).with_name("died")
        if self.head(ROOM) > 20 and not died.exists():
            died.touch()
            os._exit(3)
        return outcomes


def _leaky(make: Callable[..., bytes]) -> Callable[..., bytes]:
    """Returns what makes frames as `make` does, but leaves out some of what a client missed.

    It hides that, or the client would ask for them.
    """

    def frame(*words: Any, mark: str = "") -> bytes:
        *names, seq, prev, stamp = words
        if mark and seq % DROPPED == 0:
            return b""
        if mark and prev % DROPPED == 0 and prev:
            prev -= 1
        return make(*names, seq, prev, stamp, mark=mark)

    return frame


FAULTS: dict[str, dict[tuple[Any, str], Any]] = {
    "confirms-before-commit": {(app, "Committer"): ConfirmsEarly},
    "forgets-the-id": {(opening, "SqliteStore"): Forgetful},
    "delivers-before-commit": {(app, "Committer"): DeliversEarly},
    "dies-once": {(opening, "SqliteStore"): Dying},
    "drops-on-resume": {
        (events, "broadcast"): _leaky(events.broadcast),
        (events, "direct_message"): _leaky(events.direct_message),
    },
}
"""By the word that asks for it, what stands in the place of what in a broken server."""


if __name__ == "__main__":
    for (module, name), part in FAULTS[sys.argv[1]].items():
        assert hasattr(module, name)
        setattr(module, name, part)
    sys.exit(main(["serve", *sys.argv[2:]]))
