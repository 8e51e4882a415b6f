"""Looking at a store without touching it."""

import contextlib
import os
import shutil
import sqlite3
from pathlib import Path

import pytest

from chatroom.log.base import StoreError
from chatroom.log.reading import open_for_reading
from chatroom.log.schema import MIGRATIONS
from chatroom.log.sqlite import SqliteStore
from tests.log.stores import say


def texts(path: Path) -> list[str]:
    """Return what the store says to whoever only looks."""
    with open_for_reading(path) as connection:
        return [text for (text,) in connection.execute("SELECT text FROM entries ORDER BY seq")]


def files(folder: Path) -> dict[str, bytes]:
    """Return what is in a folder, but for what SQLite shares between processes."""
    return {
        file.name: file.read_bytes()
        for file in sorted(folder.iterdir())
        if not file.name.endswith("-shm")
    }


def killed(path: Path) -> None:
    """Make a store at `path` whose server was killed: the newest commits are in its log."""
    alive = path.with_name("alive.db")
    with contextlib.closing(SqliteStore(alive)) as store:
        say(store, "one", "two")
        for end in ("", "-wal"):
            shutil.copyfile(f"{alive}{end}", f"{path}{end}")
    alive.unlink()


def test_what_is_committed_can_be_read_while_a_server_writes(sqlite: SqliteStore) -> None:
    say(sqlite, "one")
    with open_for_reading(sqlite._path) as connection:
        count = "SELECT count(*) FROM entries"
        assert connection.execute(count).fetchone() == (1,)
        say(sqlite, "two")
        assert connection.execute(count).fetchone() == (2,)


def test_one_moment_can_be_held_while_a_server_writes(sqlite: SqliteStore) -> None:
    say(sqlite, "one")
    with open_for_reading(sqlite._path) as connection:
        connection.execute("BEGIN")
        count = "SELECT count(*) FROM entries"
        assert connection.execute(count).fetchone() == (1,)
        say(sqlite, "two")
        assert connection.execute(count).fetchone() == (1,)


def test_nothing_can_be_changed(path: Path) -> None:
    SqliteStore(path).close()
    with (
        open_for_reading(path) as connection,
        pytest.raises(sqlite3.OperationalError, match="readonly"),
    ):
        connection.execute("DELETE FROM logs")


def test_a_store_that_was_closed_is_left_as_it_was(path: Path) -> None:
    """Also no new file is there afterwards, which a server under another user could not open."""
    with contextlib.closing(SqliteStore(path)) as store:
        say(store, "one")
    before = files(path.parent)
    assert texts(path) == ["one"]
    assert files(path.parent) == before
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_a_store_whose_server_was_killed_is_left_as_it_was(path: Path) -> None:
    """Its log stays, so that the next server sees that something went wrong."""
    killed(path)
    before = files(path.parent)
    assert texts(path) == ["one", "two"]
    assert files(path.parent) == before


def test_a_store_in_a_folder_that_cannot_be_written_is_read_as_it_is(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For the super-user every folder can be written, so the answer of the system is replaced."""
    with contextlib.closing(SqliteStore(path)) as store:
        say(store, "one")
    monkeypatch.setattr(os, "access", lambda *_: False)
    with open_for_reading(path) as connection:
        assert connection.execute("SELECT text FROM entries").fetchall() == [("one",)]
        assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_a_name_with_signs_of_an_address_is_only_a_name(path: Path) -> None:
    odd = path.with_name("what? 100%#1.db")
    with contextlib.closing(SqliteStore(odd)) as store:
        say(store, "one")
    assert texts(odd) == ["one"]


def test_text_that_is_damaged_can_be_read(path: Path) -> None:
    with contextlib.closing(SqliteStore(path)) as store:
        say(store, "one")
        store._writer.execute("UPDATE entries SET text = CAST(x'6fff65' AS TEXT)")
    assert texts(path) == ["o\N{REPLACEMENT CHARACTER}e"]


@pytest.mark.parametrize(
    ("content", "why"),
    [(b"", "it is empty; choose another path"), (b"Dear diary, " * 1000, "it is no database")],
)
def test_what_is_no_store_is_refused(path: Path, content: bytes, why: str) -> None:
    path.write_bytes(content)
    with pytest.raises(StoreError, match=rf"^{path} cannot be used: {why}"):
        texts(path)
    assert files(path.parent) == {path.name: content}


def test_a_database_with_nothing_in_it_is_refused(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("VACUUM")
    assert path.stat().st_size > 0
    with pytest.raises(StoreError, match="there is nothing in it; choose another path"):
        texts(path)


def test_the_log_of_an_empty_file_is_left_alone(path: Path) -> None:
    """SQLite takes the file for new and deletes it, though it may hold the only copy."""
    killed(path)
    path.write_bytes(b"")
    before = files(path.parent)
    with pytest.raises(StoreError, match="it is empty; choose another path"):
        texts(path)
    assert files(path.parent) == before


def test_what_is_not_there_is_refused_and_not_made(path: Path) -> None:
    with pytest.raises(StoreError, match=rf"^There is no file {path}\.$"):
        texts(path)
    assert list(path.parent.iterdir()) == []


def test_the_store_of_a_newer_chatroom_is_refused(path: Path) -> None:
    SqliteStore(path).close()
    with contextlib.closing(sqlite3.connect(path)) as newer:
        newer.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    with pytest.raises(StoreError, match="written by a newer chatroom; install"):
        texts(path)


def test_a_schema_that_is_no_text_any_more_is_damage(path: Path) -> None:
    """SQLite quotes it in its message, and Python cannot read that."""
    SqliteStore(path).close()
    content = path.read_bytes()
    path.write_bytes(content.replace(b"CREATE TABLE commits", b"CREATE TABLE\xffcommits"))
    for look in (texts, SqliteStore):
        with pytest.raises(
            StoreError, match=rf"^{path} cannot be used: .*its tables cannot be read"
        ):
            look(path)
