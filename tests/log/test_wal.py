"""What a stop leaves in the write-ahead log; what damage does to it is in `test_damage.py`."""

import contextlib
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from chatroom.log import wal
from chatroom.log.base import StoreError
from chatroom.log.sqlite import SqliteStore
from tests.log.stores import say, texts


@pytest.fixture
def left(tmp_path: Path) -> Path:
    """What a kill leaves behind."""
    path = tmp_path / "left.db"
    with contextlib.closing(SqliteStore(tmp_path / "alive.db")) as store:
        say(store, "one", "two")
        for end in ("", "-wal"):
            shutil.copy(tmp_path / f"alive.db{end}", f"{path}{end}")
    return path


def test_whether_something_was_left_can_be_told_before_the_file_is_opened(
    left: Path, path: Path
) -> None:
    assert not wal.is_left(path)
    SqliteStore(path).close()
    assert not wal.is_left(path)
    assert wal.is_left(left)
    SqliteStore(left).close()
    assert not wal.is_left(left)


def test_what_was_left_is_in_the_file_before_anybody_reads_it(left: Path) -> None:
    """It may not have been synced where it was, though it can be read there."""
    with contextlib.closing(SqliteStore(left)) as store:
        copy = left.with_name("copy.db")
        shutil.copy(left, copy)
        with contextlib.closing(SqliteStore(copy)) as other:
            assert texts(other) == texts(store) == ["one", "two"]


class _Failing(sqlite3.Connection):
    """A connection that cannot write anything back."""

    code = sqlite3.SQLITE_FULL

    def execute(self, *args: Any) -> sqlite3.Cursor:
        if "wal_checkpoint" in args[0]:
            error = sqlite3.OperationalError("no")
            error.sqlite_errorcode = self.code
            raise error
        return super().execute(*args)


def _use(monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    """Let stores have failing connections from now on."""
    monkeypatch.setattr(_Failing, "code", code)
    monkeypatch.setattr(
        "chatroom.log.sqlite.connect",
        lambda path: sqlite3.connect(
            path, isolation_level=None, check_same_thread=False, factory=_Failing
        ),
    )


def test_on_a_full_disk_it_is_read_where_it_is(left: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _use(monkeypatch, sqlite3.SQLITE_FULL)
    with contextlib.closing(SqliteStore(left)) as store:
        assert texts(store) == ["one", "two"]


def test_on_a_broken_disk_it_is_not(left: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _use(monkeypatch, sqlite3.SQLITE_IOERR)
    with pytest.raises(StoreError, match=r"see to its disk"):
        SqliteStore(left)
