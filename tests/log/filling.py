"""Stores with something in them, for tests of what is done with whole stores."""

import contextlib
import sqlite3
from collections.abc import Sequence
from pathlib import Path

from chatroom.log.base import ROOM, Change, Draft
from chatroom.log.schema import APPLICATION_ID, MIGRATIONS
from chatroom.log.sqlite import SqliteStore
from tests.clock import Clock
from tests.log.stores import add

ENTRIES, COMMITS, LOGS = 25, 8, 4
"""How many of them `fill` makes."""


def fill(path: Path) -> None:
    """Make a store with some commits over several logs, some of the entries with an id."""
    clock = Clock()
    with contextlib.closing(SqliteStore(path, clock)) as store:
        inboxes = [add(store, name).inbox for name in ("alice", "bob", "carol")]
        number = 0
        for size in (1, 5, 2, 1, 7, 3, 4, 2):
            batch: list[Change] = []
            for _ in range(size):
                log = (ROOM, ROOM, *inboxes)[number % 5]
                id_ = f"id {number}" if number % 3 else None
                batch.append(Draft(log, 1 + number % 3, f"text {number} ü", id_))
                number += 1
            store.commit(batch)
            clock.now += 1 if size > 1 else 0


def harm_types(path: Path, table: str, harm: str) -> None:
    """Execute `harm`, in which a column of `table` gets what is not of its type."""
    define = "UPDATE sqlite_schema SET sql = ? WHERE name = ?"
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA writable_schema = ON")
        (sql,) = other.execute("SELECT sql FROM sqlite_schema WHERE name = ?", (table,)).fetchone()
        loose = sql.replace("STRICT, ", "").replace("STRICT", "")
        for kind in ("TEXT", "REAL", "BLOB", "INTEGER NOT NULL"):
            loose = loose.replace(kind, kind.replace(kind.split()[0], "ANY"))
        other.execute(define, (loose, table))
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute(harm)
        other.execute("PRAGMA writable_schema = ON")
        other.execute(define, (sql, table))


def make_version_1(path: Path, texts: Sequence[str] = ()) -> None:
    """Make a store as the first version wrote it, with one account that said `texts`."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        first = MIGRATIONS[0]
        assert isinstance(first, str)
        connection.executescript(first)
        connection.execute("INSERT INTO logs VALUES (1, 'old room'), (2, 'old inbox')")
        connection.execute("INSERT INTO accounts VALUES (1, 'alice', 'alice', 'hash', 2, 0)")
        connection.executemany(
            "INSERT INTO entries VALUES (1, ?, 1, NULL, ?, 1000.0)", enumerate(texts, 1)
        )
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute("PRAGMA user_version = 1")


def make_version_2(path: Path, texts: Sequence[str] = ()) -> None:
    """Make a store as the second version wrote it, with a session, but no bans and no invites."""
    make_version_1(path, texts)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        second = MIGRATIONS[1]
        assert callable(second)
        second(connection)
        connection.execute("INSERT INTO sessions VALUES (x'01', 1, 1000.0)")
        connection.execute("PRAGMA user_version = 2")
