"""What somebody who comes in is told first."""

from collections.abc import Iterator

import pytest

from chatroom.config import Limits
from chatroom.log.base import Noted, TouchSession
from chatroom.log.committer import Done
from chatroom.log.memory import MemoryStore
from chatroom.protocol import events
from chatroom.protocol.commands import Places
from chatroom.protocol.frames import FrameDecoder
from chatroom.room.roster import Member
from chatroom.room.tickets import Arrival, Greeting
from chatroom.server.greeter import Greeter, Welcome
from chatroom.server.outbox import Outbox
from chatroom.server.round import Round
from chatroom.server.tickets import Ticket
from tests.server.stage import Trickle, account, accounts_in

CAME_BACK = Greeting(None, Places())


class Door:
    """Where people come in, one behind the other."""

    def __init__(self, store: MemoryStore) -> None:
        self.greeter = Greeter(store, {}, Limits())
        self.done: list[Done[Ticket]] = []

    def welcome(self, place: int, work: Round) -> Welcome:
        """Return what the one who came at this place is told."""
        ticket = self.done[place].ticket
        assert isinstance(ticket, Arrival)
        return self.greeter.welcome(work, ticket, self.done[place])


def users(welcome: Welcome) -> object:
    (frame,) = FrameDecoder(65536).feed(welcome.frames[0])
    assert isinstance(frame, dict)
    return frame["users"]


@pytest.fixture
def door() -> Iterator[Door]:
    """Alice comes and leaves again; then bob comes, and then carol."""
    store = MemoryStore()
    with accounts_in(store, "alice", "bob", "carol") as accounts, Trickle() as sock:
        door = Door(store)
        lists = {"alice": ("alice",), "bob": ("bob",), "carol": ("bob", "carol")}
        for version, (name, names) in enumerate(lists.items(), 1):
            member = Member(account(accounts, name), Outbox(sock))
            arrival = Arrival(member, CAME_BACK, names, version)
            door.done.append(Done(arrival, TouchSession(b""), Noted()))
        yield door


def test_all_who_come_in_during_a_round_get_the_list_of_the_last(door: Door) -> None:
    work = Round(1, door.done)
    for place in (1, 2):
        welcome = door.welcome(place, work)
        assert (users(welcome), welcome.version) == (["bob", "carol"], 3)


def test_the_list_is_encoded_once_for_all_of_them(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoded: list[tuple[str, ...]] = []

    def users_(names: tuple[str, ...]) -> bytes:
        encoded.append(names)
        return b'"users":[]}\n'

    monkeypatch.setattr(events, "users", users_)
    work = Round(1, door.done)
    door.welcome(1, work)
    door.welcome(2, work)
    assert encoded == [("bob", "carol")]


def test_whoever_has_left_before_the_last_came_is_in_the_own_list(door: Door) -> None:
    welcome = door.welcome(0, Round(1, door.done))
    assert (users(welcome), welcome.version) == (["alice"], 1)


def test_another_round_knows_nothing_of_it(door: Door) -> None:
    door.welcome(2, Round(1, door.done))
    welcome = door.welcome(1, Round(1, door.done[:2]))
    assert (users(welcome), welcome.version) == (["bob"], 2)
