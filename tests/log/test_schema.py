"""The way from one version of the tables to the next."""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatroom.log import schema
from chatroom.log.base import ROOM, StoreError
from chatroom.log.chain import GENESIS
from chatroom.log.schema import APPLICATION_ID, MIGRATIONS, migrate
from chatroom.log.sealing import SEALED_AT_ONCE, Damaged, commits, rehash
from tests.log.filling import make_version_2

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


@pytest.fixture
def version_1(connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the file one of version 1, which had neither sessions nor commits."""
    with monkeypatch.context() as before:
        before.setattr(schema, "MIGRATIONS", MIGRATIONS[:1])
        migrate(connection)


def _say(connection: sqlite3.Connection, log: int, *said: tuple[int, float]) -> None:
    """Put entries where `seq` and `ts` say, as version 1 did."""
    connection.executemany(
        "INSERT INTO entries (log, seq, author, id, text, ts) VALUES (?, ?, 1, ?, 'hello', ?)",
        [(log, seq, f"{log}.{seq}", ts) for seq, ts in said],
    )


@pytest.mark.usefixtures("version_1")
def test_what_version_1_stored_is_sealed_in_the_order_of_its_time(
    connection: sqlite3.Connection,
) -> None:
    """Those of one log with one time are one commit, but for very many of them."""
    many = [(seq, 4.5) for seq in range(4, 4 + 2 * SEALED_AT_ONCE)]
    _say(connection, ROOM, (1, 1.0), (2, 1.0), (3, 3.0), *many)
    _say(connection, 7, (1, 1.0), (2, 2.0))
    migrate(connection)
    found = list(commits(connection))
    assert [(commit.ts, commit.spans) for commit in found] == [
        (1.0, [(ROOM, 1, 2)]),
        (1.0, [(7, 1, 1)]),
        (2.0, [(7, 2, 2)]),
        (3.0, [(ROOM, 3, 3)]),
        (4.5, [(ROOM, 4, 1003)]),
        (4.5, [(ROOM, 1004, 2003)]),
    ]
    before = GENESIS
    for commit in found:
        assert commit.hash == rehash(connection, commit, before)
        before = commit.hash


@pytest.mark.usefixtures("version_1")
@pytest.mark.parametrize(
    "said",
    [
        [(2, 1.0)],
        [(1, 1.0), (3, 1.0)],
        [(1, 1.0), (3, 2.0)],
        [(1, 2.0), (2, 1.0)],
        [(1, 1.0), (2, 2.0), (3, 1.0)],
    ],
)
def test_a_log_with_a_hole_is_not_sealed(
    connection: sqlite3.Connection, said: list[tuple[int, float]]
) -> None:
    """Nor one whose time goes back; the file stays as it was."""
    _say(connection, ROOM, *said)
    before = _dump(connection)
    with pytest.raises(Damaged, match=r"^log 1 has a hole at \d+$"):
        migrate(connection)
    assert _dump(connection) == before


def test_what_version_2_stored_is_kept(path: Path) -> None:
    """And there is room for bans, invites and what is decided."""
    make_version_2(path, ["one", "two"])
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        before = [line for line in _dump(connection) if line.startswith("INSERT")]
        migrate(connection)
        after = _dump(connection)
        assert [line for line in after if line.startswith("INSERT")] == before
        assert after[-1] == str((len(MIGRATIONS),))
        for query in ("SELECT * FROM bans", "SELECT * FROM invites", "SELECT * FROM audit"):
            assert connection.execute(query).fetchall() == []


@pytest.mark.parametrize("ban", [(None, None), (1, "10.0.0.0/8")])
def test_a_ban_is_of_one_account_or_of_one_network(
    connection: sqlite3.Connection, ban: tuple[int | None, str | None]
) -> None:
    migrate(connection)
    with pytest.raises(sqlite3.IntegrityError, match="CHECK"):
        connection.execute("INSERT INTO bans VALUES (?, ?, 1.0, NULL, '')", ban)


def test_a_newer_file_is_refused(connection: sqlite3.Connection) -> None:
    migrate(connection)
    connection.execute("PRAGMA user_version = 99")
    with pytest.raises(StoreError, match="written by a newer chatroom"):
        migrate(connection)
