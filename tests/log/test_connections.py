"""What goes wrong with a file, said in a sentence."""

import sqlite3
from pathlib import Path

import pytest

from chatroom.log.base import StorageFull, StoreError
from chatroom.log.connections import explained, identity
from chatroom.log.sealing import Damaged

PATH = Path("/srv/room.db")

RESTORE = "restore a backup with 'chatroom restore', as docs/operations.md#recovery says."


def _said(error: BaseException) -> StoreError:
    """Return what becomes of an error."""
    with pytest.raises(StoreError) as caught, explained(PATH):
        raise error
    return caught.value


def _coded(text: str, code: int) -> sqlite3.Error:
    error = sqlite3.OperationalError(text)
    error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (Damaged("a hole"), f"it is damaged (a hole); {RESTORE}"),
        (StoreError("it is too new"), "it is too new."),
        (
            _coded("not a database", sqlite3.SQLITE_NOTADB),
            f"it is no database; choose another path, or {RESTORE}",
        ),
        (
            _coded("malformed", sqlite3.SQLITE_CORRUPT | 1 << 8),  # an extended code
            f"it is damaged (malformed); {RESTORE}",
        ),
        (
            _coded('near "A\x1b[2J\n\tB"', sqlite3.SQLITE_ERROR),
            f'it is damaged (near "A [2J B"); {RESTORE}',
        ),
        (
            sqlite3.OperationalError("Could not decode to UTF-8 column"),
            f"it is damaged (there is text in it that is none); {RESTORE}",
        ),
        (
            UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid"),
            f"it is damaged (its tables cannot be read); {RESTORE}",
        ),
        (MemoryError(), f"it is damaged (the length of something in it makes no sense); {RESTORE}"),
        (
            _coded("disk I/O error", sqlite3.SQLITE_IOERR),
            "disk I/O error; see to its disk and its permissions.",
        ),
        (
            sqlite3.ProgrammingError("it is closed"),
            "it is closed; see to its disk and its permissions.",
        ),
    ],
    ids=str,
)
def test_each_fault_has_its_sentence(error: BaseException, sentence: str) -> None:
    assert str(_said(error)) == f"{PATH} cannot be used: {sentence}"


@pytest.mark.parametrize(
    "error",
    [
        _coded("database or disk is full", sqlite3.SQLITE_FULL),
        StorageFull(f"The disk of {PATH} is full; make room on it."),
    ],
)
def test_a_full_disk_is_one(error: Exception) -> None:
    said = _said(error)
    assert isinstance(said, StorageFull)
    assert str(said) == f"The disk of {PATH} is full; make room on it."


def test_what_is_no_fault_of_the_file_passes() -> None:
    with pytest.raises(ZeroDivisionError), explained(PATH):
        raise ZeroDivisionError


def test_a_file_is_told_from_every_other(tmp_path: Path) -> None:
    for name in ("one", "other"):
        (tmp_path / name).touch()
    one = identity(tmp_path / "one")
    assert one != identity(tmp_path / "other")
    (tmp_path / "one").rename(tmp_path / "renamed")
    assert one == identity(tmp_path / "renamed")
    assert identity(tmp_path / "one") is None
