"""The way from one version of the tables to the next."""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatroom.log import schema
from chatroom.log.base import ROOM, StoreError
from chatroom.log.schema import APPLICATION_ID, MIGRATIONS, migrate

NEXT = "CREATE TABLE more (x INTEGER) STRICT; INSERT INTO more VALUES (1); "


@pytest.fixture
def connection(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection as the store makes it, to a new file."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as found:
        yield found


def _dump(connection: sqlite3.Connection) -> list[str]:
    """Return all that is in the file."""
    marks = [str(connection.execute(f"PRAGMA {m}").fetchone()) for m in ("user_version",)]
    return [*connection.iterdump(), *marks]


def test_a_new_file_gets_the_newest_tables_and_one_room(connection: sqlite3.Connection) -> None:
    migrate(connection)
    assert connection.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
    assert connection.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
    assert connection.execute("SELECT number FROM logs").fetchall() == [(ROOM,)]


def test_a_file_of_the_newest_version_is_left_alone(connection: sqlite3.Connection) -> None:
    migrate(connection)
    before = _dump(connection)
    migrate(connection)
    assert _dump(connection) == before


def test_an_older_file_is_brought_up_step_by_step(
    connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is in it stays, and each step is taken once."""
    migrate(connection)
    epochs = connection.execute("SELECT * FROM logs").fetchall()
    steps = (*MIGRATIONS, NEXT, "UPDATE more SET x = x + 1")
    monkeypatch.setattr(schema, "MIGRATIONS", steps)
    migrate(connection)
    migrate(connection)
    assert connection.execute("SELECT x FROM more").fetchall() == [(2,)]
    assert connection.execute("SELECT * FROM logs").fetchall() == epochs
    assert connection.execute("PRAGMA user_version").fetchone() == (len(steps),)


@pytest.mark.parametrize("new", [True, False])
def test_a_migration_that_fails_changes_nothing(
    connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch, *, new: bool
) -> None:
    """Neither the steps before the one that failed nor its first half."""
    if not new:
        migrate(connection)
    before = _dump(connection)
    monkeypatch.setattr(
        schema, "MIGRATIONS", (*MIGRATIONS, NEXT, NEXT.replace("more", "most") + "nonsense")
    )
    with pytest.raises(sqlite3.OperationalError, match="nonsense"):
        migrate(connection)
    assert not connection.in_transaction
    assert _dump(connection) == before


def test_a_newer_file_is_refused(connection: sqlite3.Connection) -> None:
    migrate(connection)
    connection.execute("PRAGMA user_version = 99")
    with pytest.raises(StoreError, match="written by a newer chatroom"):
        migrate(connection)
