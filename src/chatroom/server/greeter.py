"""What somebody who comes in is told first: who is here, and where the logs go on."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from chatroom.config import Limits
from chatroom.log.base import ROOM, Noted, Store
from chatroom.log.committer import Done
from chatroom.protocol import events
from chatroom.protocol.events import Standing
from chatroom.room.tickets import Arrival
from chatroom.server.outbox import Outbox
from chatroom.server.round import Newest, Round
from chatroom.server.start import start
from chatroom.server.tickets import Ticket


class Welcome(NamedTuple):
    """What is sent to somebody who comes in, and what was made out for it."""

    frames: list[bytes]
    """The reply, and the news of what is missing."""
    version: int
    """Which list of users is in it."""
    room: Standing
    inbox: Standing


class Greeter:
    """Makes the welcomes of a round. Belongs to the delivery thread.

    When ten thousand come in, each is told of up to ten thousand. So all of a round get the same
    list of users, encoded once: that of the last of them, of which the others are not told again.

    Args:
        store: where the logs are.
        heads: the newest place that was sent of each inbox; 0 for those not in it.
        limits: what clients are told of the heartbeat.
    """

    def __init__(self, store: Store, heads: Mapping[int, int], limits: Limits) -> None:
        self._store = store
        self._heads = heads
        self._heartbeat = limits.ping_seconds, limits.answer_seconds

    def welcome(self, work: Round, ticket: Arrival[Outbox], done: Done[Ticket]) -> Welcome:
        """Return what somebody is told.

        Args:
            work: the round, as far as it has come.
            ticket: who comes in.
            done: the same, with whether the session was stored.

        Raises:
            StoreError: the logs cannot be read.
        """
        account = ticket.member.account
        places, history = ticket.greeting.places, ticket.greeting.history
        room = start(self._store, ROOM, work.next - 1, places.room, history)
        sent = self._heads.get(account.inbox, 0)
        inbox = start(self._store, account.inbox, sent, places.inbox, history)
        users, version = _list_for(work, ticket)
        standings = room.standing, inbox.standing
        entrance = events.Entrance(account.name, users, *standings, *self._heartbeat)
        gaps = [gap.frame(log) for log, at in (("room", room), ("inbox", inbox)) for gap in at.gaps]
        return Welcome([_reply(ticket, done, entrance), *gaps], version, *standings)


def _list_for(work: Round, ticket: Arrival[Outbox]) -> tuple[bytes, int]:
    """Return a list of users with the one who comes in, and its version."""
    newest, users = work.newest = work.newest or _newest(work.done, ticket)
    name = ticket.member.account.name
    place = bisect_left(newest.names, name)
    if newest.names[place : place + 1] == (name,):
        return users, newest.version
    return events.users(ticket.names), ticket.version  # it has left before the newest came


def _newest(done: Sequence[Done[Ticket]], found: Arrival[Outbox]) -> Newest:
    """Return the last who comes in, `found` if nobody else does."""
    for one in reversed(done):
        if isinstance(one.ticket, Arrival):
            found = one.ticket
            break
    return Newest(found, events.users(found.names))


def _reply(ticket: Arrival[Outbox], done: Done[Ticket], entrance: events.Entrance) -> bytes:
    """Return the reply to a login, or to somebody who comes back."""
    greeting = ticket.greeting
    if greeting.session is None:
        return events.resumed(greeting.id, entrance)
    session = greeting.session if isinstance(done.outcome, Noted) else None  # it was stored
    return events.welcome(greeting.id, entrance, new_user=greeting.new_user, session=session)
