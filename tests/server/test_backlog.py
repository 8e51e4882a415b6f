"""What is read from the log for those who are far behind."""

from collections.abc import Iterator

import pytest

from chatroom.auth.accounts import Accounts
from chatroom.log.base import ROOM, Account
from chatroom.log.memory import MemoryStore
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


def test_if_all_up_to_the_end_is_forgotten_the_end_is_gone_on_from(
    store: MemoryStore, accounts: Accounts, alice: Account
) -> None:
    bob = account(accounts, "bob")
    say(store, alice, "hello", log=bob.inbox)
    say(store, alice, *map(str, range(CAPACITY + 9)))
    backlog = Backlog(store, accounts)
    run = backlog.public(3, 8)
    assert (run.first, run.next, run.data) == (8, 8, b"")
    assert backlog.private(bob, 1, 2) == (b"", 2)


def test_direct_messages_come_as_they_were_sent(
    store: MemoryStore, accounts: Accounts, alice: Account
) -> None:
    bob = account(accounts, "bob")
    say(store, alice, *map(str, range(ENTRIES + 9)), log=bob.inbox)
    frames = [private_frame(store, alice, bob, entry) for entry in store.read(bob.inbox, 0, 1000)]
    backlog = Backlog(store, accounts)
    assert backlog.private(bob, 2, 5) == (b"".join(frames[1:4]), 5)
    assert backlog.private(bob, 2, 1000) == (b"".join(frames[1 : ENTRIES + 1]), ENTRIES + 2)


def test_those_who_were_removed_keep_their_words(
    store: MemoryStore, accounts: Accounts, alice: Account
) -> None:
    say(store, alice, "hello")
    accounts.remove("alice")
    assert b'"from":"alice"' in Backlog(store, accounts).public(1, 2).data
