"""The room, without sockets: a connection is a word here, and what is submitted is written down."""

from collections.abc import Callable, Iterator

import pytest

from chatroom.auth.accounts import Accounts
from chatroom.log.base import ROOM, Change, Draft, EndSession, TouchSession
from chatroom.log.committer import Job
from chatroom.log.memory import MemoryStore
from chatroom.protocol.commands import Places
from chatroom.protocol.errors import ErrorCode, ProtocolError
from chatroom.room.room import Room
from chatroom.room.roster import Member
from chatroom.room.tickets import (
    Arrival,
    Departure,
    Greeting,
    Private,
    Public,
    RoomTicket,
    RosterChange,
)
from tests.server.stage import account, accounts_in

Ticket = RoomTicket[str]


class Scribe:
    """Writes down what is submitted, and what the roster was each time it changed."""

    def __init__(self) -> None:
        self.tickets: list[Ticket] = []
        self.changes: list[Change | None] = []
        self.rosters: list[tuple[str, ...]] = []

    def submit(self, jobs: list[Job[Ticket]], *, wait: bool = True) -> None:
        """Take jobs that nobody waits for."""
        assert not wait, "coming and going must not wait while others do"
        self.tickets += [job.ticket for job in jobs]
        self.changes += [job.change for job in jobs]


@pytest.fixture
def scribe() -> Scribe:
    """Who writes down what the room submits."""
    return Scribe()


@pytest.fixture
def accounts() -> Iterator[Accounts]:
    """The accounts: alice, Bob and carol."""
    with accounts_in(MemoryStore(), "alice", "Bob", "carol") as accounts:
        yield accounts


@pytest.fixture
def room(accounts: Accounts, scribe: Scribe) -> Room[str]:
    """An empty room with short messages."""
    made: Room[str] = Room(accounts, scribe.submit, lambda: scribe.rosters.append(made.names()), 20)
    return made


GREETING = Greeting(None, Places())
SESSION = TouchSession(b"digest")

Enter = Callable[..., Member[str]]


@pytest.fixture
def enter(room: Room[str], accounts: Accounts) -> Enter:
    """Take somebody in, by name."""

    def enter(name: str, channel: str = "") -> Member[str]:
        return room.join(account(accounts, name), channel or name, GREETING, SESSION)

    return enter


def test_whoever_comes_is_welcomed_with_the_list_of_all(
    room: Room[str], scribe: Scribe, accounts: Accounts
) -> None:
    new = Greeting("1", Places(), history=50, new_user=True, session="secret")
    bob = room.join(account(accounts, "Bob"), "b", new, SESSION)
    alice = room.join(account(accounts, "alice"), "a", GREETING, SESSION)
    assert scribe.tickets == [
        Arrival(bob, new, ("Bob",), 1),
        Arrival(alice, GREETING, ("Bob", "alice"), 2),
    ]
    assert room.names() == ("Bob", "alice")
    assert (bob.account.name, bob.channel) == ("Bob", "b")


def test_the_list_is_announced_as_it_is_in_the_order_of_everything(
    room: Room[str], scribe: Scribe, enter: Enter
) -> None:
    """Whoever leaves is out of the room before the list that lacks them is sent."""
    bob = enter("Bob")
    enter("alice")
    room.announce()
    room.leave(bob)
    assert scribe.tickets[2:] == [RosterChange(("Bob", "alice"), 2), Departure(bob)]


def test_everyone_hears_of_those_who_come_and_go(
    room: Room[str], scribe: Scribe, enter: Enter
) -> None:
    bob, alice = enter("Bob"), enter("alice")
    room.leave(bob)
    assert scribe.rosters == [("Bob",), ("Bob", "alice"), ("alice",)]
    assert scribe.tickets[2:] == [Departure(bob)]
    room.leave(alice)
    assert room.names() == ()


def test_a_session_is_committed_with_the_coming_and_the_going(
    room: Room[str], scribe: Scribe, enter: Enter
) -> None:
    room.leave(enter("Bob"), EndSession(b"digest"))
    room.leave(enter("Bob"))
    assert scribe.changes == [SESSION, EndSession(b"digest"), SESSION, None]


def test_an_account_is_here_until_its_last_connection_goes(
    room: Room[str], scribe: Scribe, enter: Enter
) -> None:
    one, two = enter("Bob", "one"), enter("Bob", "two")
    assert room.names() == ("Bob",)
    assert room.is_here(one.account)
    room.leave(one)
    assert room.is_here(one.account)
    room.leave(two)
    assert not room.is_here(one.account)
    assert scribe.rosters == [("Bob",), ()]


def test_what_is_said_goes_to_the_log_of_the_room(room: Room[str], enter: Enter) -> None:
    bob = enter("Bob")
    job = room.say(bob, "hello", "m1")
    assert job == Job(Public(bob, "m1"), Draft(ROOM, bob.account.number, "hello", "m1"))


def test_what_is_whispered_goes_to_the_inbox_of_the_other(room: Room[str], enter: Enter) -> None:
    alice, bob = enter("alice"), enter("Bob")
    job = room.whisper(alice, "bOB", "psst", None)
    draft = Draft(bob.account.inbox, alice.account.number, "psst", None)
    assert job == Job(Private(alice, None, bob.account), draft)


def test_one_may_whisper_to_oneself(room: Room[str], enter: Enter) -> None:
    bob = enter("Bob")
    assert room.whisper(bob, "bob", "note", None).ticket == Private(bob, None, bob.account)


@pytest.mark.parametrize(
    ("to", "shown"),
    [
        ("carol", "carol"),
        ("nobody", "nobody"),
        ("", ""),
        ("a\nb", "that"),
        ("\x1b[31m", "that"),
        ("x" * 65, "that"),
    ],
)
def test_nobody_can_whisper_to_those_who_are_not_here(
    room: Room[str], enter: Enter, to: str, shown: str
) -> None:
    """Neither to those who have an account, nor to those who have none."""
    bob = enter("Bob")
    with pytest.raises(ProtocolError) as caught:
        room.whisper(bob, to, "psst", None)
    assert (caught.value.code, caught.value.field) == (ErrorCode.USER_NOT_IN_ROOM, "to")
    assert caught.value.message.startswith(f"Nobody called {shown} is in the room;")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", ErrorCode.EMPTY_MESSAGE),
        (" \n", ErrorCode.EMPTY_MESSAGE),
        ("x" * 21, ErrorCode.MESSAGE_TOO_LONG),
        ("bell \a", ErrorCode.INVALID_FIELD),
    ],
)
def test_not_everything_can_be_said(
    room: Room[str], enter: Enter, text: str, code: ErrorCode
) -> None:
    bob = enter("Bob")
    with pytest.raises(ProtocolError) as public:
        room.say(bob, text, None)
    with pytest.raises(ProtocolError) as private:
        room.whisper(bob, "Bob", text, None)
    assert public.value.code is private.value.code is code
