"""Connections to a SQLite file, and what goes wrong with them said in a sentence."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chatroom.log.base import StorageFull, StoreError
from chatroom.log.sealing import Damaged

RESTORE = "restore a backup with 'chatroom restore', as docs/operations.md#recovery says"
"""What to do with a damaged file, as the end of a sentence."""


_OF_THE_CONTENT = {
    sqlite3.SQLITE_ERROR,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_TOOBIG,
    sqlite3.SQLITE_CONSTRAINT,
    sqlite3.SQLITE_MISMATCH,
    sqlite3.SQLITE_FORMAT,
}
"""The codes that mean that the content of a file makes no sense, rather than its surroundings."""


def connect(path: Path) -> sqlite3.Connection:
    """Return a connection to the file at `path` that begins no transaction by itself.

    Any thread may use it, but only one at a time.
    """
    return sqlite3.connect(path, isolation_level=None, check_same_thread=False)


def identity(path: Path) -> tuple[int, int] | None:
    """Return what tells the file at `path` from every other, None if there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


class ReaderPool:
    """Connections that can only read, lent out and used again. Any thread may call it.

    Args:
        path: the file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()  # guards _idle; nothing blocks under it
        self._idle: list[sqlite3.Connection] = []

    @contextmanager
    def lend(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection; the calling thread has it to itself.

        Raises:
            StoreError: instead of every `sqlite3.Error`, with a sentence.
        """
        with explained(self._path):
            with self._lock:
                reader = self._idle.pop() if self._idle else None
            if reader is None:
                reader = connect(self._path)
                reader.execute("PRAGMA query_only = ON")
            try:
                yield reader
            finally:
                with self._lock:
                    self._idle.append(reader)

    def close(self) -> None:
        """Close them. Nobody may have one just now."""
        for reader in self._idle:
            reader.close()
        self._idle.clear()


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn what goes wrong with the file at `path` into a sentence about it."""
    try:
        yield
    except StorageFull:
        raise
    except Damaged as error:
        raise damage(path, str(error)) from error
    except StoreError as error:
        raise StoreError(f"{path} cannot be used: {error}.") from error
    except sqlite3.Error as error:
        raise _explanation(path, error) from error
    except UnicodeDecodeError as error:  # SQLite's own message quotes what is damaged
        raise damage(path, "its tables cannot be read") from error
    except MemoryError as error:  # no text of ours is as long as what it asks for
        raise damage(path, "the length of something in it makes no sense") from error


def damage(path: Path, what: str) -> Damaged:
    """Return what to raise where the file at `path` is damaged; `what` is part of a sentence."""
    return Damaged(f"{path} cannot be used: it is damaged ({what}); {RESTORE}.")


def said_of(error: sqlite3.Error) -> str:
    """Return the text of `error` as part of a sentence; it may quote what is damaged."""
    return " ".join("".join(c if c.isprintable() else " " for c in str(error)).split())


def _explanation(path: Path, error: sqlite3.Error) -> StoreError:
    match primary_code(error):
        case sqlite3.SQLITE_NOTADB:
            return Damaged(
                f"{path} cannot be used: it is no database; choose another path, or {RESTORE}."
            )
        case None if "decode" in str(error):  # Python cannot read what is stored as text
            return damage(path, "there is text in it that is none")
        case sqlite3.SQLITE_FULL:
            return disk_is_full(path)
        case code if code in _OF_THE_CONTENT:
            return damage(path, said_of(error))
        case _:
            return StoreError(
                f"{path} cannot be used: {said_of(error)}; see to its disk and its permissions."
            )


def disk_is_full(path: Path) -> StorageFull:
    """Return what to raise where there is no room for more in the file at `path`."""
    return StorageFull(f"The disk of {path} is full; make room on it.")


def primary_code(error: sqlite3.Error) -> int | None:
    """Return SQLite's code of `error`; what the module itself refuses has none."""
    code: int | None = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF
