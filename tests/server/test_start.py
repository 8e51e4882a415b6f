"""Where in a log a connection starts, by where its client stands."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatroom.log.base import ROOM, Account, AddAccount, Draft
from chatroom.log.memory import MemoryStore
from chatroom.protocol.commands import Place
from chatroom.server.start import Gap, Start, start


def store_of(entries: int, capacity: int = 100) -> MemoryStore:
    """Return a store whose room has had so many entries."""
    store = MemoryStore(capacity)
    (bob,) = store.commit([AddAccount("bob", "hash")])
    assert isinstance(bob, Account)
    store.commit([Draft(ROOM, bob.number, f"{n}") for n in range(entries)])
    return store


class Restored(MemoryStore):
    """A store that shares the first places with an earlier incarnation called `old`."""

    def __init__(self, last: int) -> None:
        super().__init__()
        self._last = last

    def shared(self, log: int, epoch: str) -> int:
        """Return what the contract says of it."""
        return self._last if epoch == "old" else super().shared(log, epoch)


def restored(entries: int, last: int) -> Restored:
    store = Restored(last)
    (bob,) = store.commit([AddAccount("bob", "hash")])
    assert isinstance(bob, Account)
    store.commit([Draft(ROOM, bob.number, f"{n}") for n in range(entries)])
    return store


def begin(store: MemoryStore, place: Place | None, history: int = 0) -> Start:
    return start(store, ROOM, store.head(ROOM), place, history)


def here(store: MemoryStore, after: int) -> Place:
    return Place(store.epoch(ROOM), after)


@pytest.mark.parametrize(
    ("entries", "history", "first"),
    [(0, 0, 1), (0, 50, 1), (10, 0, 11), (10, 3, 8), (10, 10, 1), (10, 50, 1)],
)
def test_whoever_knows_no_place_starts_at_the_head_or_so_many_before(
    entries: int, history: int, first: int
) -> None:
    standing, gaps = begin(store_of(entries), None, history)
    assert (standing.head, standing.oldest, standing.first) == (entries, 1, first)
    assert standing.recovered is None
    assert gaps == ()


@pytest.mark.parametrize("after", [0, 3, 9, 10])
def test_whoever_comes_back_starts_behind_the_place(after: int) -> None:
    store = store_of(10)
    standing, gaps = begin(store, here(store, after), history=50)
    assert (standing.first, standing.recovered, gaps) == (after + 1, True, ())


def test_what_is_no_longer_kept_is_told() -> None:
    store = store_of(10, capacity=4)
    standing, gaps = begin(store, here(store, 2))
    assert (standing.oldest, standing.first, standing.recovered) == (7, 7, False)
    assert gaps == (Gap(3, 6, "retention"),)
    assert begin(store, here(store, 6)) == Start(standing._replace(recovered=True))
    assert begin(store, None, history=8).standing.first == 7


def test_a_place_that_the_log_does_not_have_is_told() -> None:
    store = store_of(10)
    standing, gaps = begin(store, here(store, 12))
    assert (standing.first, standing.recovered) == (11, False)
    assert gaps == (Gap(11, 12, "ahead"),)


def test_a_log_that_was_made_anew_is_sent_from_its_beginning() -> None:
    standing, gaps = begin(store_of(10), Place("another", 7))
    assert (standing.first, standing.recovered) == (1, False)
    assert gaps == (Gap(1, 7, "epoch"),)


@pytest.mark.parametrize(
    ("after", "first", "gap", "recovered"),
    [
        (5, 6, Gap(6, 5, "epoch"), True),
        (8, 9, Gap(9, 8, "epoch"), True),
        (9, 9, Gap(9, 9, "epoch"), False),
        (30, 9, Gap(9, 30, "epoch"), False),
    ],
)
def test_a_log_that_was_restored_goes_on_where_both_part(
    after: int, first: int, gap: Gap, *, recovered: bool
) -> None:
    """What the client has that the log lacks is told; what both have is not sent again."""
    standing, gaps = begin(restored(10, last=8), Place("old", after))
    assert (standing.first, standing.recovered, gaps) == (first, recovered, (gap,))


def test_what_a_new_log_no_longer_keeps_is_told_too() -> None:
    store = store_of(10, capacity=4)
    standing, gaps = begin(store, Place("another", 2))
    assert standing.first == 7
    assert gaps == (Gap(1, 2, "epoch"), Gap(1, 6, "retention"))


def test_what_is_committed_and_not_sent_yet_comes_by_itself() -> None:
    """However far the store is ahead of what was sent."""
    store = store_of(10, capacity=4)
    assert start(store, ROOM, 2, None, 50).standing.first == 3
    standing, gaps = start(store, ROOM, 5, here(store, 4))
    assert (standing.head, standing.first, gaps) == (5, 6, (Gap(5, 5, "retention"),))


@given(
    entries=st.integers(0, 12),
    capacity=st.integers(1, 12),
    epoch=st.sampled_from(["", "old", "another"]),
    after=st.integers(0, 15),
    last=st.integers(0, 12),
)
def test_nothing_is_skipped_in_silence(
    entries: int, capacity: int, epoch: str, after: int, last: int
) -> None:
    """Each place up to the head was known before, is sent, or is told as missing."""
    store = Restored(min(last, entries))
    store._capacity = capacity
    (bob,) = store.commit([AddAccount("bob", "hash")])
    assert isinstance(bob, Account)
    for n in range(entries):
        store.commit([Draft(ROOM, bob.number, f"{n}")])
    standing, gaps = begin(store, Place(epoch or store.epoch(ROOM), after))
    shared = {"": entries, "old": min(last, entries), "another": 0}[epoch]
    known = set(range(1, min(after, shared) + 1))
    sent = set(range(standing.first, entries + 1))
    kept = [gap for gap in gaps if gap.reason == "retention"]
    told = {place for gap in kept for place in range(gap.first, gap.last + 1)}
    assert known | sent | told == set(range(1, entries + 1))
    assert len(known) + len(sent) + len(told) == entries
    gone = {gap for gap in gaps if gap.reason != "retention" and gap.last >= gap.first}
    assert bool(gone) == (after > shared)
    assert standing.recovered == (not gone and not told)
    assert any(gap.reason == "epoch" for gap in gaps) == bool(epoch)
