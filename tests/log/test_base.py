"""The contract of `log/base.py`, held against every engine."""

import threading
from collections.abc import Callable
from itertools import pairwise

import pytest

from chatroom.log.base import (
    ROOM,
    SESSIONS,
    Account,
    AddAccount,
    AddSession,
    Appended,
    Change,
    Draft,
    EndSession,
    Entry,
    ExpireSessions,
    IdReused,
    Noted,
    Recall,
    Refused,
    RemoveAccount,
    Session,
    SetPassword,
    Store,
    TouchSession,
    new_epoch,
)
from tests.clock import Clock
from tests.log.stores import DEADLINE, add, everything, say, texts

# Order and reading.


def test_a_new_store_has_the_room_and_nothing_else(store: Store) -> None:
    assert (store.head(ROOM), store.oldest(ROOM), everything(store)) == (0, 1, [])
    assert store.accounts() == []


def test_entries_stand_in_the_order_of_their_commits(store: Store, clock: Clock) -> None:
    """Within a batch and between batches, numbered 1, 2, 3 without holes."""
    clock.now = 7.0004
    assert store.commit([Draft(ROOM, 1, "one"), Draft(ROOM, 2, "two", "id")]) == [
        Appended(1, 7.0),
        Appended(2, 7.0),
    ]
    clock.now = 8.5
    assert store.commit([Draft(ROOM, 1, "three")]) == [Appended(3, 8.5)]
    assert everything(store) == [
        Entry(ROOM, 1, 1, "one", 7.0),
        Entry(ROOM, 2, 2, "two", 7.0),
        Entry(ROOM, 3, 1, "three", 8.5),
    ]
    assert (store.head(ROOM), store.oldest(ROOM)) == (3, 1)


def test_each_log_counts_for_itself(store: Store) -> None:
    alice, bob = add(store, "alice"), add(store, "bob")
    outcomes = store.commit(
        [
            Draft(ROOM, alice.number, "to all"),
            Draft(bob.inbox, alice.number, "to bob"),
            Draft(ROOM, bob.number, "to all again"),
            Draft(alice.inbox, bob.number, "to alice"),
        ]
    )
    assert [outcome.seq for outcome in outcomes if isinstance(outcome, Appended)] == [1, 1, 2, 1]
    assert texts(store, bob.inbox) == ["to bob"]
    assert texts(store, alice.inbox) == ["to alice"]
    assert (store.head(ROOM), store.head(bob.inbox)) == (2, 1)


@pytest.mark.parametrize(
    ("after", "limit", "found"),
    [
        (0, 10, ["1", "2", "3", "4", "5"]),
        (0, 2, ["1", "2"]),
        (2, 2, ["3", "4"]),
        (4, 10, ["5"]),
        (5, 10, []),
        (99, 10, []),
        (0, 0, []),
    ],
)
def test_a_reader_gets_what_stands_behind_its_place_and_no_more_than_it_asks_for(
    store: Store, after: int, limit: int, found: list[str]
) -> None:
    say(store, *"12345")
    assert [entry.text for entry in store.read(ROOM, after, limit)] == found


@pytest.mark.parametrize(
    "text", ["a\x00b", "😀 é \n\t", "'; DROP TABLE entries; --", "x" * 100_000]
)
def test_any_text_comes_back_as_it_was(store: Store, text: str) -> None:
    store.commit([Draft(ROOM, 1, text, id=text)])
    assert texts(store) == [text]
    assert store.commit([Draft(ROOM, 1, text, id=text)]) == [Appended(1, 1000.0, duplicate=True)]


def test_an_empty_commit_does_nothing(store: Store) -> None:
    assert store.commit([]) == []
    assert store.head(ROOM) == 0


# Epochs and time.


def test_each_log_has_an_epoch_of_its_own(store: Store) -> None:
    logs = [ROOM, add(store, "alice").inbox, add(store, "bob").inbox]
    epochs = {store.epoch(log) for log in logs}
    assert len(epochs) == 3
    assert all(len(epoch) == 16 for epoch in epochs)
    say(store, "hello")
    assert {store.epoch(log) for log in logs} == epochs


def test_no_epoch_comes_twice() -> None:
    assert len({new_epoch() for _ in range(1000)}) == 1000


def test_time_never_goes_back_when_the_clock_does(store: Store, clock: Clock) -> None:
    """Not in one log, nor between logs."""
    inbox = add(store, "alice").inbox
    say(store, "first")
    clock.now -= 500
    say(store, "second")
    say(store, "third", log=inbox)
    clock.now += 501
    say(store, "fourth")
    entries = everything(store)
    assert [entry.ts for entry in entries] == [1000.0, 1000.0, 1001.0]
    assert everything(store, inbox)[0].ts == 1000.0


def test_a_log_shares_all_it_has_with_its_present_incarnation(store: Store) -> None:
    inbox = add(store, "alice").inbox
    say(store, "one", "two")
    assert store.shared(ROOM, store.epoch(ROOM)) == 2
    say(store, "three")
    assert store.shared(ROOM, store.epoch(ROOM)) == 3
    assert store.shared(inbox, store.epoch(inbox)) == 0


def test_a_log_shares_nothing_with_what_it_never_was(store: Store) -> None:
    """Nor with another log's incarnation."""
    inbox = add(store, "alice").inbox
    say(store, "one", "two")
    say(store, "private", log=inbox)
    assert store.shared(ROOM, new_epoch()) == store.shared(ROOM, "") == 0
    assert store.shared(ROOM, store.epoch(inbox)) == store.shared(inbox, store.epoch(ROOM)) == 0


# At most once.


def test_the_same_message_again_is_answered_with_the_first(store: Store, clock: Clock) -> None:
    first = store.commit([Draft(ROOM, 1, "hello", "a")])
    clock.now += 10
    assert first == [Appended(1, 1000.0)]
    assert store.commit([Draft(ROOM, 1, "hello", "a")]) == [Appended(1, 1000.0, duplicate=True)]
    assert store.head(ROOM) == 1


def test_the_same_message_twice_in_one_batch_is_there_once(store: Store) -> None:
    """Resent before the first was committed; what stands around it keeps its order."""
    again = Draft(ROOM, 1, "hello", "a")
    assert store.commit([Draft(ROOM, 1, "x"), again, Draft(ROOM, 1, "y"), again, again]) == [
        Appended(1, 1000.0),
        Appended(2, 1000.0),
        Appended(3, 1000.0),
        Appended(2, 1000.0, duplicate=True),
        Appended(2, 1000.0, duplicate=True),
    ]
    assert texts(store) == ["x", "hello", "y"]


def test_an_id_for_other_text_or_another_log_is_reused(store: Store) -> None:
    inbox = add(store, "alice").inbox
    store.commit([Draft(ROOM, 1, "hello", "a")])
    assert store.commit(
        [
            Draft(ROOM, 1, "something else", "a"),
            Draft(inbox, 1, "hello", "a"),
            Draft(ROOM, 1, "new", "b"),
            Draft(ROOM, 1, "newer", "b"),
        ]
    ) == [IdReused(), IdReused(), Appended(2, 1000.0), IdReused()]
    assert texts(store) == ["hello", "new"]
    assert texts(store, inbox) == []


def test_ids_belong_to_their_author(store: Store) -> None:
    assert store.commit([Draft(ROOM, 1, "hello", "a"), Draft(ROOM, 2, "hello", "a")]) == [
        Appended(1, 1000.0),
        Appended(2, 1000.0),
    ]


def test_what_is_recalled_is_told_and_not_appended(store: Store) -> None:
    """Whoever asks again for what can be appended no more learns whether it was."""
    (bob,) = store.commit([AddAccount("bob", "hash")])
    assert isinstance(bob, Account)
    outcomes = store.commit(
        [
            Draft(bob.inbox, bob.number, "said", "1"),
            Recall(bob.inbox, bob.number, "said", "1"),
            Recall(bob.inbox, bob.number, "never said", "2"),
            Recall(bob.inbox, bob.number, "other", "1"),
        ]
    )
    first = outcomes[0]
    assert isinstance(first, Appended)
    again = Appended(first.seq, first.ts, duplicate=True)
    assert outcomes[1:] == [again, Refused(), IdReused()]
    assert store.head(bob.inbox) == 1


def test_messages_without_an_id_are_never_the_same(store: Store) -> None:
    assert [outcome.seq for outcome in say(store, "hello", "hello")] == [1, 2]
    # also beside an id that came again
    draft = Draft(ROOM, 1, "hello", "a")
    store.commit([draft, draft, Draft(ROOM, 1, "hello"), Draft(ROOM, 1, "hello")])
    assert store.head(ROOM) == 5


# Accounts.


def test_an_account_is_there_as_registered(store: Store) -> None:
    alice, bob = add(store, "Alice", "hash-a"), add(store, "bob", "hash-b")
    assert (alice.name, alice.password, alice.removed) == ("Alice", "hash-a", False)
    assert alice.number != bob.number
    assert len({ROOM, alice.inbox, bob.inbox}) == 3
    assert store.accounts() == [alice, bob]
    assert (store.head(alice.inbox), store.oldest(alice.inbox)) == (0, 1)


@pytest.mark.parametrize("name", ["Alice", "alice", "ALICE"])
def test_a_name_is_taken_in_whatever_case(store: Store, name: str) -> None:
    alice = add(store, "Alice")
    assert store.commit([AddAccount(name, "other")]) == [Refused()]
    assert store.accounts() == [alice]


def test_of_two_who_register_one_name_at_once_the_first_gets_it(store: Store) -> None:
    alice, refused = store.commit([AddAccount("alice", "one"), AddAccount("Alice", "two")])
    assert refused == Refused()
    assert store.accounts() == [alice]


def test_a_password_is_replaced(store: Store) -> None:
    alice = add(store, "alice", "old")
    (changed,) = store.commit([SetPassword(alice.number, "new")])
    assert changed == Account(alice.number, "alice", "new", alice.inbox)
    assert store.accounts() == [changed]


def test_a_hash_is_renewed_if_it_is_still_the_same(store: Store) -> None:
    """The password is what it was, so no session ends, and none of a newer one is given up."""
    alice = add(store, "alice", "cheap")
    store.commit([AddSession(alice.number, b"x")])
    (renewed,) = store.commit([SetPassword(alice.number, "dearer", alice.password)])
    assert renewed == Account(alice.number, "alice", "dearer", alice.inbox)
    assert store.session(b"x") is not None
    assert store.commit([SetPassword(alice.number, "again", alice.password)]) == [Refused()]
    assert store.accounts() == [renewed]
    assert store.session(b"x") is not None
    store.commit([RemoveAccount(alice.number)])
    assert store.commit([SetPassword(alice.number, "again", "")]) == [Refused()]


def test_a_removed_account_keeps_its_number_and_loses_name_and_password(store: Store) -> None:
    alice = add(store, "alice", "secret")
    say(store, "I was here", author=alice.number)
    (removed,) = store.commit([RemoveAccount(alice.number)])
    assert removed == Account(alice.number, "alice", "", alice.inbox, removed=True)
    assert store.accounts() == [removed]
    assert everything(store)[0].author == alice.number


def test_a_name_registered_again_is_another_account(store: Store) -> None:
    """Nobody inherits another's messages or ids."""
    old = add(store, "alice")
    store.commit([Draft(ROOM, old.number, "mine", "a"), Draft(old.inbox, 1, "private")])
    store.commit([RemoveAccount(old.number)])
    new = add(store, "Alice")
    assert new.number != old.number
    assert new.inbox != old.inbox
    assert texts(store, new.inbox) == []
    assert store.commit([Draft(ROOM, new.number, "other", "a")]) == [Appended(2, 1000.0)]
    assert [account.removed for account in store.accounts()] == [True, False]


def test_who_is_not_there_can_be_neither_changed_nor_removed(store: Store) -> None:
    gone = add(store, "alice").number
    store.commit([RemoveAccount(gone)])
    changes: list[Change] = [
        SetPassword(gone, "new"),
        RemoveAccount(gone),
        SetPassword(99, "new"),
        RemoveAccount(99),
    ]
    assert store.commit(changes) == [Refused()] * 4


# Sessions.


def test_a_session_is_known_by_its_digest(store: Store, clock: Clock) -> None:
    """Used when it was added, and whenever it is touched."""
    alice, bob = add(store, "alice"), add(store, "bob")
    assert store.session(b"a") is None
    clock.now = 2000.0004
    assert store.commit([AddSession(alice.number, b"a"), AddSession(bob.number, b"b")]) == [
        Noted(),
        Noted(),
    ]
    assert store.session(b"a") == Session(alice.number, 2000.0)
    clock.now = 3000.0
    assert store.commit([TouchSession(b"a")]) == [Noted()]
    assert store.session(b"a") == Session(alice.number, 3000.0)
    assert store.session(b"b") == Session(bob.number, 2000.0)


def test_an_account_may_have_several_sessions_and_end_each(store: Store) -> None:
    alice = add(store, "alice").number
    store.commit([AddSession(alice, b"1"), AddSession(alice, b"2")])
    assert store.commit([EndSession(b"1")]) == [Noted()]
    assert store.session(b"1") is None
    assert store.session(b"2") == Session(alice, 1000.0)


def test_what_is_not_there_is_neither_touched_nor_ended(store: Store) -> None:
    changes: list[Change] = [TouchSession(b"x"), EndSession(b"x"), ExpireSessions(9999.0)]
    assert store.commit(changes) == [Noted()] * 3
    assert store.session(b"x") is None


def test_nobody_comes_back_as_an_account_that_is_not_there(store: Store) -> None:
    gone = add(store, "alice").number
    store.commit([RemoveAccount(gone)])
    assert store.commit([AddSession(gone, b"x"), AddSession(99, b"y")]) == [Refused()] * 2
    assert store.session(b"x") is store.session(b"y") is None


def test_nobody_comes_back_by_a_password_that_was_changed_meanwhile(store: Store) -> None:
    alice = add(store, "alice")
    before = AddSession(alice.number, b"x", alice.password)
    assert store.commit([before]) == [Noted()]
    store.commit([SetPassword(alice.number, "new")])
    assert store.commit([before]) == [Refused()]
    assert store.session(b"x") is None
    assert store.commit([AddSession(alice.number, b"y", "new")]) == [Noted()]


def test_a_session_added_again_is_the_later_one(store: Store, clock: Clock) -> None:
    alice, bob = add(store, "alice"), add(store, "bob")
    store.commit([AddSession(alice.number, b"x")])
    clock.now += 1
    store.commit([AddSession(bob.number, b"x")])
    assert store.session(b"x") == Session(bob.number, 1001.0)
    store.commit([SetPassword(alice.number, "new")])
    assert store.session(b"x") is not None
    store.commit([SetPassword(bob.number, "new")])
    assert store.session(b"x") is None


@pytest.mark.parametrize("change", [lambda who: SetPassword(who, "new"), RemoveAccount])
def test_a_new_password_or_removal_ends_all_sessions_of_the_account_and_no_others(
    store: Store, change: Callable[[int], Change]
) -> None:
    alice, bob = add(store, "alice").number, add(store, "bob").number
    store.commit([AddSession(alice, b"1"), AddSession(bob, b"2"), AddSession(alice, b"3")])
    store.commit([change(alice)])
    assert store.session(b"1") is store.session(b"3") is None
    assert store.session(b"2") == Session(bob, 1000.0)
    store.commit([TouchSession(b"1")])
    assert store.session(b"1") is None


def test_sessions_that_were_not_used_for_long_expire(store: Store, clock: Clock) -> None:
    alice = add(store, "alice").number
    for now, digest in ((1000.0, b"1"), (2000.0, b"2"), (3000.0, b"3")):
        clock.now = now
        store.commit([AddSession(alice, digest)])
    store.commit([TouchSession(b"1"), ExpireSessions(3000.0)])
    assert store.session(b"1") == store.session(b"3") == Session(alice, 3000.0)
    assert store.session(b"2") is None


def test_an_account_has_a_bounded_number_of_sessions(store: Store, clock: Clock) -> None:
    """The least lately used goes for a new one; others' are left alone."""
    alice, bob = add(store, "alice").number, add(store, "bob").number
    digests = [number.to_bytes(4) for number in range(SESSIONS)]
    store.commit([AddSession(bob, b"bob's")])
    store.commit([AddSession(alice, digest) for digest in digests])
    clock.now += 1
    store.commit([TouchSession(digest) for digest in digests if digest != digests[7]])
    store.commit([AddSession(alice, b"new"), AddSession(alice, b"new")])
    assert [digest for digest in digests if not store.session(digest)] == [digests[7]]
    assert store.session(b"new") == Session(alice, clock.now)
    assert store.session(b"bob's") == Session(bob, 1000.0)


def test_of_many_sessions_added_at_once_the_last_is_kept(store: Store) -> None:
    alice = add(store, "alice").number
    digests = [(SESSIONS + 3 - number).to_bytes(4) for number in range(SESSIONS + 3)]
    store.commit([AddSession(alice, digest) for digest in digests])
    kept = [digest for digest in digests if store.session(digest)]
    assert len(kept) == SESSIONS
    assert kept[-1] == digests[-1]


# Atomicity and threads.


def test_there_is_room_where_nothing_is_full(store: Store) -> None:
    """Looking for it changes nothing that can be read."""
    say(store, "hello")
    store.probe()
    store.probe()
    assert texts(store) == ["hello"]
    assert say(store, "again")[0].seq == 2


def test_a_commit_that_fails_leaves_everything_as_it_was(store: Store, clock: Clock) -> None:
    """Entries, ids, accounts and time; and the same commit succeeds without the fault."""
    alice = add(store, "alice", "old")
    say(store, "before")
    accounts, room = store.accounts(), everything(store)
    changes: list[Change] = [
        Draft(ROOM, alice.number, "half", "a"),
        AddAccount("bob", "hash"),
        AddSession(alice.number, b"never"),
        EndSession(b"kept"),
        SetPassword(alice.number, "new"),
        RemoveAccount(alice.number),
    ]
    store.commit([AddSession(alice.number, b"kept")])
    clock.now = 2000.0
    with pytest.raises(KeyError):
        store.commit([*changes, Draft(99, alice.number, "there is no such log")])
    assert (store.accounts(), everything(store), store.head(ROOM)) == (accounts, room, 1)
    assert (store.session(b"never"), store.session(b"kept")) == (None, Session(1, 1000.0))
    clock.now = 1500.0
    outcomes = store.commit(changes)
    assert outcomes[0] == Appended(2, 1500.0)
    assert not any(isinstance(outcome, Refused | IdReused) for outcome in outcomes)


@pytest.mark.parametrize("readers", [1, 3])
def test_readers_beside_the_committer_see_whole_commits_in_order(
    store: Store, readers: int
) -> None:
    """What a reader sees is a beginning of the log that ends where a commit did."""
    sizes = [1, 3, 2, 7, 1, 5] * 10
    ends = {sum(sizes[:count]) for count in range(len(sizes) + 1)}
    seen: list[list[int]] = [[] for _ in range(readers)]
    faults: list[str] = []

    def read(found: list[int]) -> None:
        while not found or found[-1] < sum(sizes):
            head = store.head(ROOM)
            seqs = [entry.seq for entry in everything(store)]
            found.append(len(seqs))
            if seqs != list(range(1, len(seqs) + 1)) or len(seqs) not in ends or head > len(seqs):
                faults.append(f"head {head}, entries {seqs}")
                return

    threads = [threading.Thread(target=read, args=(found,), name="reader") for found in seen]
    for thread in threads:
        thread.start()
    for size in sizes:
        say(store, *(["x"] * size))
    for thread in threads:
        thread.join(DEADLINE)
    assert not faults
    assert all(found[-1] == sum(sizes) for found in seen)
    assert all(one <= next_ for found in seen for one, next_ in pairwise(found))
