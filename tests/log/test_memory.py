"""The engine in memory: what it forgets, beside the contract in `test_base.py`."""

import sys
import weakref

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatroom.log.base import ROOM, Appended, Draft
from chatroom.log.memory import MemoryStore
from tests.clock import Clock
from tests.log.stores import add, everything, say, texts


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


LONG = "x" * 8000 + "\U0001f600"
"""A text that takes four bytes for each character in memory."""


@pytest.mark.parametrize("spare", [0, 1])
def test_long_texts_are_forgotten_by_their_size_in_memory(spare: int) -> None:
    store = MemoryStore(size=3 * sys.getsizeof(LONG) - 1 + spare)
    say(store, *(LONG,) * 5)
    assert len(texts(store)) == 2 + spare
    assert (store.oldest(ROOM), store.head(ROOM)) == (4 - spare, 5)


def test_one_long_text_takes_the_place_of_many_short_ones() -> None:
    """Those that are left are the newest, and there is room for others again."""
    store = MemoryStore(size=sys.getsizeof(LONG) + 2 * sys.getsizeof("1"))
    inbox = add(store, "alice").inbox
    say(store, *"1234567", log=inbox)
    say(store, LONG)
    assert (texts(store, inbox), texts(store)) == (["6", "7"], [LONG])
    say(store, *"12345")
    assert (texts(store, inbox), texts(store)) == ([], [*"12345"])


def test_the_newest_entry_is_kept_however_long_it_is() -> None:
    """What was confirmed can be read, and its id is known."""
    store = MemoryStore(size=1, clock=Clock())
    say(store, "hello")
    draft = Draft(ROOM, 1, LONG, "a")
    assert store.commit([draft, draft])[1] == Appended(2, 1000.0, duplicate=True)
    assert texts(store) == [LONG]


class Text(str):
    """A text whose end can be seen."""

    __slots__ = ("__weakref__",)


def test_nothing_is_left_of_what_is_forgotten() -> None:
    store = MemoryStore(capacity=2)
    text = Text("hello")
    seen = weakref.ref(text)
    store.commit([Draft(ROOM, 1, text, "a")])
    del text
    say(store, "1")
    assert seen() is not None
    say(store, "2")
    assert seen() is None


def test_closing_changes_nothing() -> None:
    store = MemoryStore()
    say(store, "hello")
    store.close()
    assert texts(store) == ["hello"]
