"""The commits of a file: what is sealed, and what is found when something was changed."""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatroom.log.base import ROOM, Draft, Recall
from chatroom.log.chain import GENESIS
from chatroom.log.sealing import Commit, Damaged, commits, newest, rehash
from chatroom.log.sqlite import SqliteStore
from tests.clock import Clock
from tests.log.stores import add, say


@pytest.fixture
def connection(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection beside the store in `path`."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as found:
        yield found


def _spans(found: list[Commit]) -> list[list[tuple[int, int, int]]]:
    return [commit.spans for commit in found]


def _check(connection: sqlite3.Connection, before: bytes, found: list[Commit]) -> None:
    """See that each of `found` has the hash that it should have."""
    for commit in found:
        assert rehash(connection, commit, before) == commit.hash
        before = commit.hash


def test_each_commit_that_appends_is_sealed(
    sqlite: SqliteStore, connection: sqlite3.Connection, clock: Clock
) -> None:
    """Whatever the order of its entries; what appends nothing is no link of the chain."""
    inbox = add(sqlite, "alice").inbox
    again = Draft(ROOM, 1, "four", "id")
    say(sqlite, "one")
    clock.now = 1001.5
    sqlite.commit(
        [Draft(inbox, 1, "psst"), Draft(ROOM, 1, "two"), Draft(inbox, 2, ""), Draft(ROOM, 2, "3")]
    )
    sqlite.commit([again, again, Recall(ROOM, 1, "five", "x"), Draft(ROOM, 1, "5\x00")])
    sqlite.commit([again])
    sqlite.commit([])
    found = list(commits(connection))
    assert [(commit.number, commit.ts, commit.spans) for commit in found] == [
        (1, 1000.0, [(ROOM, 1, 1)]),
        (2, 1001.5, [(ROOM, 2, 3), (inbox, 1, 2)]),
        (3, 1001.5, [(ROOM, 4, 5)]),
    ]
    assert len({commit.hash for commit in found}) == 3
    _check(connection, GENESIS, found)


def test_the_chain_goes_on_when_the_store_is_opened_again(
    path: Path, clock: Clock, connection: sqlite3.Connection
) -> None:
    for text in "12":
        with contextlib.closing(SqliteStore(path, clock)) as store:
            say(store, text)
            say(store, text)
    found = list(commits(connection))
    assert _spans(found) == [[(ROOM, place, place)] for place in (1, 2, 3, 4)]
    _check(connection, GENESIS, found)
    assert list(commits(connection, after=3)) == found[3:]


@pytest.mark.parametrize(
    "harm",
    [
        "UPDATE entries SET text = 'twO' WHERE seq = 2",
        "UPDATE entries SET text = text || x'00' WHERE seq = 2",
        "UPDATE entries SET author = 2 WHERE seq = 2",
        "UPDATE entries SET id = 'new' WHERE seq = 2",
        "UPDATE commits SET hash = zeroblob(32) WHERE number = 2",
        "UPDATE commits SET spans = '[]' WHERE number = 2",
        "UPDATE commits SET spans = '[[1,2,2],[1,3,3]]' WHERE number = 2",
        "UPDATE entries SET ts = 1; UPDATE commits SET ts = 1",
    ],
)
def test_what_was_changed_has_another_hash(
    sqlite: SqliteStore, connection: sqlite3.Connection, harm: str
) -> None:
    say(sqlite, "one")
    say(sqlite, "two", "three")
    connection.executescript(harm)
    first, second = commits(connection)
    assert rehash(connection, second, first.hash) != second.hash


@pytest.mark.parametrize(
    "harm",
    [
        "DELETE FROM entries WHERE seq = 2",
        "DELETE FROM entries WHERE seq = 3",
        "UPDATE entries SET seq = 9 WHERE seq = 2",
        "UPDATE entries SET ts = ts + 1 WHERE seq = 3",
        "UPDATE commits SET ts = ts + 1 WHERE number = 2",
    ],
)
def test_what_is_not_there_is_named(
    sqlite: SqliteStore, connection: sqlite3.Connection, harm: str
) -> None:
    say(sqlite, "one")
    say(sqlite, "two", "three")
    connection.execute(harm)
    first, second = commits(connection)
    with pytest.raises(Damaged, match=r"^entry [23] of log 1 is missing or has another time$"):
        rehash(connection, second, first.hash)


@pytest.mark.parametrize("spans", ["x", "[[1,2]]", '[["1",2,3]]'])
def test_a_commit_that_makes_no_sense_is_named(
    sqlite: SqliteStore, connection: sqlite3.Connection, spans: str
) -> None:
    say(sqlite, "one")
    connection.execute("UPDATE commits SET spans = ?", (spans,))
    for look in (lambda: list(commits(connection)), lambda: newest(connection, 1)):
        with pytest.raises(Damaged, match=r"^commit 1 cannot be read$"):
            look()


def test_the_newest_commits_hold_as_many_entries_as_were_asked_for(
    sqlite: SqliteStore, connection: sqlite3.Connection
) -> None:
    assert newest(connection, 5) == (GENESIS, [])
    for size in (1, 2, 3, 4):
        say(sqlite, *["x"] * size)
    all_ = list(commits(connection))
    for entries, numbers in ((1, [4]), (4, [4]), (5, [3, 4]), (7, [3, 4]), (10, [1, 2, 3, 4])):
        before, found = newest(connection, entries)
        assert [commit.number for commit in found] == numbers
        _check(connection, before, found)
    assert newest(connection, 99) == (GENESIS, all_)


@pytest.mark.parametrize("missing", [1, 2, 3])
def test_a_missing_commit_is_named(
    sqlite: SqliteStore, connection: sqlite3.Connection, missing: int
) -> None:
    for text in "1234":
        say(sqlite, text)
    connection.execute("DELETE FROM commits WHERE number = ?", (missing,))
    for look in (lambda: list(commits(connection)), lambda: newest(connection, 99)):
        with pytest.raises(Damaged, match=rf"^commit {missing} is missing$"):
            look()
