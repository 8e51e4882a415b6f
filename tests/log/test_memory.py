"""The engine in memory: what it forgets, beside the contract in `test_base.py`."""

from hypothesis import given
from hypothesis import strategies as st

from chatroom.log.base import ROOM, Appended, Draft
from chatroom.log.memory import MemoryStore
from tests.log.stores import Clock, add, everything, say, texts


def test_the_oldest_entries_are_forgotten_for_newer_ones() -> None:
    store = MemoryStore(capacity=3)
    say(store, *"12345")
    assert texts(store) == ["3", "4", "5"]
    assert (store.oldest(ROOM), store.head(ROOM)) == (3, 5)


def test_a_reader_behind_the_oldest_entry_gets_the_oldest_there_is() -> None:
    store = MemoryStore(capacity=3)
    say(store, *"12345")
    assert [entry.seq for entry in store.read(ROOM, 1, 2)] == [3, 4]


def test_the_capacity_is_that_of_all_logs_together() -> None:
    """A busy room takes the place of an old direct message; the inbox goes on counting."""
    store = MemoryStore(capacity=2)
    inbox = add(store, "alice").inbox
    say(store, "private", log=inbox)
    say(store, "1", "2")
    assert (texts(store, inbox), texts(store)) == ([], ["1", "2"])
    assert (store.head(inbox), store.oldest(inbox)) == (1, 2)
    assert say(store, "private", log=inbox)[0].seq == 2


def test_what_is_forgotten_includes_the_ids() -> None:
    store = MemoryStore(capacity=1, clock=Clock())
    first = Draft(ROOM, 1, "hello", "a")
    store.commit([first, Draft(ROOM, 1, "next", "b")])
    assert store.commit([first]) == [Appended(3, 1000.0)]
    assert store.commit([first]) == [Appended(3, 1000.0, duplicate=True)]


@given(st.integers(1, 6), st.lists(st.lists(st.integers(0, 2), max_size=5), max_size=8))
def test_exactly_the_newest_entries_are_kept(capacity: int, batches: list[list[int]]) -> None:
    """Over any logs and batches, the newest `capacity` entries can be read and no others."""
    store = MemoryStore(capacity)
    logs = [ROOM, add(store, "alice").inbox, add(store, "bob").inbox]
    said: list[tuple[int, int]] = []
    counts = dict.fromkeys(logs, 0)
    for batch in batches:
        store.commit([Draft(logs[which], 1, "x") for which in batch])
        for which in batch:
            counts[logs[which]] += 1
            said.append((logs[which], counts[logs[which]]))
        for log in logs:
            kept = [seq for of, seq in said[-capacity:] if of == log]
            assert [entry.seq for entry in everything(store, log)] == kept
            assert store.head(log) == counts[log]
            assert store.oldest(log) == (kept[0] if kept else counts[log] + 1)


def test_closing_changes_nothing() -> None:
    store = MemoryStore()
    say(store, "hello")
    store.close()
    assert texts(store) == ["hello"]
