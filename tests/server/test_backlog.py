"""What is read from the log for those who are far behind."""

from collections.abc import Iterator

import pytest

from chatroom.auth.accounts import Accounts
from chatroom.log.base import ROOM, Account, Entry
from chatroom.log.memory import MemoryStore
from chatroom.protocol import events
from chatroom.server.backlog import ENTRIES, Backlog
from tests.server.stage import account, accounts_in, private_frame, public_frame, say

CAPACITY = 4 * ENTRIES


@pytest.fixture
def store() -> MemoryStore:
    """A store that keeps a few hundred entries."""
    return MemoryStore(CAPACITY)


@pytest.fixture
def accounts(store: MemoryStore) -> Iterator[Accounts]:
    """The accounts of `store`: alice and bob."""
    with accounts_in(store, "alice", "bob") as accounts:
        yield accounts


@pytest.fixture
def alice(accounts: Accounts) -> Account:
    """Who says everything here."""
    return account(accounts, "alice")


def test_public_messages_come_as_they_were_sent(
    store: MemoryStore, accounts: Accounts, alice: Account
) -> None:
    say(store, alice, "one", "two", "three", "four")
    run = Backlog(store, accounts).public(2, 4)
    expected = [public_frame(store, alice, entry) for entry in store.read(ROOM, 1, 2)]
    assert (run.first, run.next, run.data) == (2, 4, b"".join(expected))


def test_so_many_are_read_at_a_time(store: MemoryStore, accounts: Accounts, alice: Account) -> None:
    say(store, alice, *("hello",) * (ENTRIES + 9))
    backlog = Backlog(store, accounts)
    assert backlog.public(1, 1000).next == ENTRIES + 1
    assert backlog.public(ENTRIES + 1, 1000).next == ENTRIES + 10


@pytest.mark.parametrize(("stop", "behind"), [(12, 12), (1001, 10 + ENTRIES)])
def test_forgotten_messages_are_passed_over(
    store: MemoryStore, accounts: Accounts, alice: Account, stop: int, behind: int
) -> None:
    """What the log has forgotten cannot be sent; what lies behind `stop` is not sent yet."""
    say(store, alice, *map(str, range(CAPACITY + 9)))
    assert store.oldest(ROOM) == 10
    run = Backlog(store, accounts).public(5, stop)
    assert (run.first, run.next) == (10, behind)


class CountingStore(MemoryStore):
    """A store that says where it was read."""

    def __init__(self) -> None:
        super().__init__()
        self.reads: list[int] = []

    def read(self, log: int, after: int, limit: int) -> list[Entry]:
        """Read, and note where."""
        self.reads.append(after)
        return super().read(log, after, limit)


@pytest.fixture
def counting() -> Iterator[tuple[CountingStore, Accounts]]:
    """A store that keeps everything, which is 103 messages of alice's, and its accounts."""
    store = CountingStore()
    with accounts_in(store, "alice") as accounts:
        say(store, account(accounts, "alice"), *map(str, range(1, 104)))
        yield store, accounts


def test_those_at_about_the_same_place_share_what_is_read(
    counting: tuple[CountingStore, Accounts],
) -> None:
    """Whoever is at any of ten places that belong together gets all ten, read once."""
    store, accounts = counting
    backlog = Backlog(store, accounts, entries=10)
    runs = [backlog.public(place, 104) for place in (23, 30, 21, 27)]
    assert [(run.first, run.next) for run in runs] == [(21, 31)] * 4
    assert store.reads == [20]
    frames = [public_frame(store, account(accounts, "alice"), e) for e in store.read(ROOM, 20, 10)]
    assert runs[3].data == b"".join(frames)


@pytest.mark.parametrize(("place", "stop"), [(102, 104), (91, 100), (55, 60)])
def test_what_is_not_all_sent_yet_is_not_shared(
    counting: tuple[CountingStore, Accounts], place: int, stop: int
) -> None:
    """It ends at another place for the next reader."""
    store, accounts = counting
    backlog = Backlog(store, accounts, entries=10)
    runs = [backlog.public(place, end) for end in (stop - 1, stop)]
    assert [(run.first, run.next) for run in runs] == [(place, stop - 1), (place, stop)]


def test_what_is_shared_is_not_given_to_those_who_get_less_of_it(
    counting: tuple[CountingStore, Accounts],
) -> None:
    store, accounts = counting
    backlog = Backlog(store, accounts, entries=10)
    assert backlog.public(51, 61).next == 61
    assert backlog.public(51, 60).next == 60


def test_what_was_used_least_lately_is_not_kept(counting: tuple[CountingStore, Accounts]) -> None:
    store, accounts = counting
    size = len(Backlog(store, accounts, entries=10).public(11, 104).data)
    store.reads.clear()
    backlog = Backlog(store, accounts, entries=10, shared_bytes=2 * size)
    for place in (11, 21, 11, 31, 11, 21):
        assert backlog.public(place, 104).first == place
    assert store.reads == [10, 20, 30, 20]


def test_what_is_larger_than_all_that_is_kept_can_be_read(
    counting: tuple[CountingStore, Accounts],
) -> None:
    store, accounts = counting
    backlog = Backlog(store, accounts, entries=10, shared_bytes=1)
    assert [backlog.public(11, 104).next for _ in range(2)] == [21, 21]
    assert store.reads == [10, 10]


def test_what_is_partly_forgotten_is_not_shared(
    store: MemoryStore, accounts: Accounts, alice: Account
) -> None:
    """The first that is still there is the oldest; a later reader finds less."""
    backlog = Backlog(store, accounts, entries=10)
    say(store, alice, *map(str, range(CAPACITY + 4)))
    assert backlog.public(3, CAPACITY).first == 5
    say(store, alice, "more")
    assert backlog.public(3, CAPACITY).first == 6
    assert backlog.public(8, CAPACITY).first == 6


def test_if_all_up_to_the_end_is_forgotten_the_end_is_gone_on_from(
    store: MemoryStore, accounts: Accounts, alice: Account
) -> None:
    bob = account(accounts, "bob")
    say(store, alice, "hello", log=bob.inbox)
    say(store, alice, *map(str, range(CAPACITY + 9)))
    backlog = Backlog(store, accounts)
    run = backlog.public(3, 8)
    assert (run.first, run.next, run.data) == (8, 8, b"")
    run = backlog.private(bob, 1, 2)
    assert (run.first, run.next, run.data) == (2, 2, b"")


def test_direct_messages_come_as_they_were_sent(
    store: MemoryStore, accounts: Accounts, alice: Account
) -> None:
    bob = account(accounts, "bob")
    say(store, alice, *map(str, range(ENTRIES + 9)), log=bob.inbox)
    frames = [private_frame(store, alice, bob, entry) for entry in store.read(bob.inbox, 0, 1000)]
    backlog = Backlog(store, accounts)
    for stop, behind in (5, 5), (1000, ENTRIES + 2):
        run = backlog.private(bob, 2, stop)
        assert (run.first, run.next) == (2, behind)
        assert run.data == b"".join(frames[1 : behind - 1])


def test_what_is_replayed_is_marked_and_shared_apart(
    store: MemoryStore, accounts: Accounts, alice: Account
) -> None:
    bob = account(accounts, "bob")
    say(store, alice, *map(str, range(ENTRIES)))
    say(store, alice, "psst", log=bob.inbox)
    backlog = Backlog(store, accounts)
    for _ in range(2):
        for mark in "", events.REPLAY:
            entries = store.read(ROOM, 0, ENTRIES)
            frames = [public_frame(store, alice, entry, mark) for entry in entries]
            assert backlog.public(1, ENTRIES + 1, mark).data == b"".join(frames)
            (entry,) = store.read(bob.inbox, 0, 1)
            frame = private_frame(store, alice, bob, entry, mark)
            assert backlog.private(bob, 1, 2, mark).data == frame


def test_those_who_were_removed_keep_their_words(
    store: MemoryStore, accounts: Accounts, alice: Account
) -> None:
    say(store, alice, "hello")
    accounts.remove("alice")
    assert b'"from":"alice"' in Backlog(store, accounts).public(1, 2).data
