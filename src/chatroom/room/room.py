"""The room: who is here, what is said, and to whom it goes."""

import threading
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from chatroom.auth.accounts import Accounts
from chatroom.log.base import ROOM, Account, Draft, Recall, SessionChange
from chatroom.log.committer import Job
from chatroom.protocol.errors import ErrorCode, ProtocolError
from chatroom.protocol.names import shown
from chatroom.protocol.text import check_message
from chatroom.room.roster import Member, Roster
from chatroom.room.tickets import (
    Arrival,
    Departure,
    Greeting,
    Private,
    Public,
    RoomTicket,
    RosterChange,
)

Channel = TypeVar("Channel")


class Submit(Protocol[Channel]):
    """Hands jobs to the committer; see `Committer.submit`."""

    def __call__(self, jobs: list[Job[RoomTicket[Channel]]], *, wait: bool = True) -> None:
        """Hand in `jobs`, together and in order."""


class Room(Generic[Channel]):
    """One room. Any thread may call any method; none of them blocks.

    Args:
        accounts: who is registered.
        submit: hands jobs to the committer.
        on_roster: called, with no lock held, when the list of users has changed.
        message_bytes: the longest message, in bytes of UTF-8.
    """

    def __init__(
        self,
        accounts: Accounts,
        submit: Submit[Channel],
        on_roster: Callable[[], None],
        message_bytes: int,
    ) -> None:
        self._accounts = accounts
        self._submit = submit
        self._on_roster = on_roster
        self._message_bytes = message_bytes
        # Guards the roster, and makes each change of it take its place in the order of everything
        # at once. Taken before the committer's lock, never while one waits for room there.
        self._lock = threading.Lock()
        self._roster: Roster[Channel] = Roster()

    def join(
        self, account: Account, channel: Channel, greeting: Greeting, change: SessionChange
    ) -> Member[Channel]:
        """Take somebody in, who is then welcomed.

        Args:
            account: who it is.
            channel: what leads to the connection.
            greeting: how it comes in, and what it is told.
            change: what is committed with it: its session, which it is told of only if that works.
        """
        member = Member(account, channel)
        with self._lock:
            changed = self._roster.add(member)
            names, version = self._roster.names, self._roster.version
            arrival = Arrival(member, greeting, names, version)
            self._submit([Job(arrival, change)], wait=False)
        if changed:
            self._on_roster()
        return member

    def leave(self, member: Member[Channel], change: SessionChange | None = None) -> None:
        """Let somebody go. What they said before is confirmed first.

        Args:
            member: who it is.
            change: what becomes of the session, None for nothing.
        """
        with self._lock:
            changed = self._roster.discard(member)
            self._submit([Job(Departure(member), change)], wait=False)
        if changed:
            self._on_roster()

    def say(self, member: Member[Channel], text: str, id: str | None) -> Job[RoomTicket[Channel]]:
        """Return the job that says `text` to everyone.

        Raises:
            ProtocolError: `empty_message`, `message_too_long` or `invalid_field`.
        """
        check_message(text, self._message_bytes)
        return Job(Public(member, id), Draft(ROOM, member.account.number, text, id))

    def whisper(
        self, member: Member[Channel], to: str, text: str, id: str | None
    ) -> Job[RoomTicket[Channel]]:
        """Return the job that says `text` to the user called `to` alone.

        Raises:
            ProtocolError: `user_not_in_room`, or as in `say`.
        """
        check_message(text, self._message_bytes)
        recipient = self._accounts.find(to)
        present = recipient is not None and self.is_here(recipient)
        if recipient is None or (not present and id is None):
            raise absent(to)
        # Whoever sends again what was confirmed while the recipient was here is to be told so.
        kind = Draft if present else Recall
        draft = kind(recipient.inbox, member.account.number, text, id)
        return Job(Private(member, id, recipient), draft)

    def announce(self) -> None:
        """See to it that all get the list of those who are here now, if they have an older one."""
        with self._lock:
            news = RosterChange(self._roster.names, self._roster.version)
            self._submit([Job(news)], wait=False)

    def names(self) -> tuple[str, ...]:
        """Return who is here, sorted."""
        with self._lock:
            return self._roster.names

    def is_here(self, account: Account) -> bool:
        """Say whether `account` is in the room. Every direct message asks, so it takes no lock."""
        return bool(self._roster.of(account))


def absent(name: str) -> ProtocolError:
    """Return the error for a message to somebody who is not in the room."""
    return ProtocolError(
        ErrorCode.USER_NOT_IN_ROOM,
        f"Nobody called {shown(name)} is in the room; WHO shows who is.",
        field="to",
    )
