"""What all connections share."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from chatroom.auth.accounts import Accounts
from chatroom.auth.attempts import Attempts
from chatroom.auth.bans import Bans
from chatroom.auth.sessions import Sessions
from chatroom.config import Limits
from chatroom.log.committer import Job
from chatroom.room.rate import Paces
from chatroom.room.room import Room
from chatroom.server.counts import Counts
from chatroom.server.face import Row
from chatroom.server.history import Pages
from chatroom.server.lines import JSON_LINES
from chatroom.server.outbox import Outbox
from chatroom.server.tickets import Ticket
from chatroom.server.timers import Timers
from chatroom.server.tls_front import Front
from chatroom.server.watch import Watch


class Submit(Protocol):
    """Hands jobs to the committer; see `Committer.submit`."""

    def __call__(self, jobs: list[Job[Ticket]], *, wait: bool = True) -> None:
        """Hand in `jobs`, together and in order."""


class Services(NamedTuple):
    """What all connections share."""

    room: Room[Outbox]
    accounts: Accounts
    sessions: Sessions
    attempts: Attempts
    bans: Bans
    paces: Paces
    submit: Submit
    timers: Timers
    watch: Watch
    limits: Limits
    pages: Pages
    counts: Counts
    front: Front = Front()
    faces: Sequence[Row] = (JSON_LINES,)
    """What is spoken on the port; see `face.recognise`."""
