"""Who is here, told to those who are: to everyone in the end, and to some of a crowd at a time."""

import contextlib
from collections.abc import Iterator

import pytest

from chatroom.log.memory import MemoryStore
from chatroom.protocol import events
from chatroom.room.tickets import RosterChange
from chatroom.server.news import PORTION, RosterNews
from chatroom.server.outbox import Outbox
from chatroom.server.readers import Readers
from chatroom.server.round import Round
from tests.server.stage import Trickle, account, accounts_in, catch_up, readers_of

FIRST = RosterChange(("alice",), 1)
SECOND = RosterChange(("alice", "bob"), 2)


class Crowd:
    """Many connections of one user, and the news they are told."""

    def __init__(self, readers: Readers, people: list[tuple[Outbox, Trickle]]) -> None:
        self.readers = readers
        self.news = RosterNews(readers)
        self._people = people

    def round(self, ticket: RosterChange) -> bool:
        """Do a round with nothing but this in it; return whether there are more to be told."""
        work = Round(1)
        more = self.news.tell(work, ticket)
        self.readers.send(work)
        return more

    def told(self, ticket: RosterChange) -> list[int]:
        """Return how often each has got this list."""
        frame = events.update_users(ticket.names)
        return [bytes(sock.taken).count(frame) for _, sock in self._people]

    def outbox(self, place: int) -> Outbox:
        """Return the writing side of one of them."""
        return self._people[place][0]

    def allow(self, place: int, *allowances: int) -> None:
        """Let the socket of one of them take only so much in its next calls."""
        self._people[place][1].allow(*allowances)


@pytest.fixture
def crowd() -> Iterator[Crowd]:
    """Twice as many as are told in a round, and one."""
    with contextlib.ExitStack() as stack:
        store = MemoryStore()
        accounts = stack.enter_context(accounts_in(store, "alice"))
        readers, _ = stack.enter_context(readers_of(store, accounts))
        people = []
        for _ in range(2 * PORTION + 1):
            sock = stack.enter_context(Trickle())
            outbox = Outbox(sock)
            outbox.account = account(accounts, "alice")
            readers.join(outbox, outbox.account, 1)
            people.append((outbox, sock))
        yield Crowd(readers, people)


def test_a_crowd_is_told_in_portions_and_everyone_once(crowd: Crowd) -> None:
    assert crowd.round(FIRST)
    assert sum(crowd.told(FIRST)) == PORTION
    assert crowd.round(FIRST)
    assert not crowd.round(FIRST)
    assert crowd.told(FIRST) == [1] * (2 * PORTION + 1)
    assert not crowd.round(FIRST)
    assert sum(crowd.told(FIRST)) == 2 * PORTION + 1


def test_newer_news_goes_to_all_and_the_older_to_nobody_any_more(crowd: Crowd) -> None:
    assert crowd.round(FIRST)
    assert crowd.round(SECOND)
    assert not crowd.round(FIRST)
    while crowd.round(SECOND):
        pass
    assert crowd.told(SECOND) == [1] * (2 * PORTION + 1)
    assert sum(crowd.told(FIRST)) == PORTION


def test_who_takes_nothing_gets_the_newest_when_it_can(crowd: Crowd) -> None:
    crowd.allow(0, 0)
    crowd.round(FIRST)
    while crowd.round(SECOND):
        pass
    assert crowd.told(SECOND)[0] == 0
    catch_up(crowd.readers, crowd.outbox(0))
    assert crowd.told(SECOND)[0] == 1
