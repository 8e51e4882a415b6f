"""A copy of a store that can be relied on: made while the server runs, and looked through."""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from chatroom.log.base import StoreError
from chatroom.log.connections import connect, damage, disk_is_full, primary_code
from chatroom.log.lock import StoreLock
from chatroom.log.placing import SIDES, beside, placed
from chatroom.log.reading import open_for_reading
from chatroom.log.schema import APPLICATION_ID, migrate
from chatroom.log.sealing import Damaged
from chatroom.log.verifying import Report, inspect

PAGES = 1000
"""How many pages are copied in one go; between two of them a signal can end it."""

_HEADER_BYTES = 100
_MAGIC = b"SQLite format 3\0"


class Faulty(StoreError):
    """What was to be copied is not as it was written.

    Args:
        report: what is wrong.
        text: a sentence.
    """

    def __init__(self, report: Report, text: str) -> None:
        super().__init__(text)
        self.report = report


def back_up(data: Path, path: Path) -> Report:
    """Copy the store at `data`, as it is at one moment, to `path`; return what the copy holds.

    A server may go on writing: it is not kept waiting. An older backup at `path` is replaced when
    the new one is complete, sound and on the disk, and not before.

    Raises:
        Faulty: the data have faults; nothing was made or replaced.
        StoreError: the data cannot be read, or what is at `path` is not to be replaced.
    """
    _check(path, data)
    with contextlib.ExitStack() as stack:
        if beside(path, ".lock").exists():
            stack.callback(_lock(path).release)
        part = stack.enter_context(placed(path))
        return copy(data, part, path)


def _check(path: Path, data: Path) -> None:
    """See whether a backup of `data` may take the place of what is at `path`.

    Raises:
        StoreError: it may not.
    """
    if path.exists():
        if data.exists() and path.samefile(data):
            raise StoreError(f"{path} is the data themselves; choose another file for the backup.")
        if not is_store(path):
            raise StoreError(f"{path} is there and is no backup; choose another file.")
    for end in SIDES:  # what stands there would be taken for a part of the backup
        if beside(path, end).exists():
            raise StoreError(
                f"{path} is, or was, the data of a server, for {beside(path, end).name} is there; "
                "choose another file for the backup."
            )


def _lock(path: Path) -> StoreLock:
    """Keep servers away from a file that once was the data of one."""
    try:
        return StoreLock(path)
    except StoreError as error:
        raise StoreError(
            f"{path} is the data of a server; choose another file for the backup."
        ) from error


def is_store(path: Path) -> bool:
    """Say whether there is an ordinary file at `path` that has the marks of a store.

    Raises:
        StoreError: it cannot be read.
    """
    if not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            header = file.read(_HEADER_BYTES)
    except OSError as error:
        raise StoreError(f"{path} cannot be read: {error.strerror}.") from error
    return header.startswith(_MAGIC) and int.from_bytes(header[68:72]) == APPLICATION_ID


def copy(source: Path, target: Path, path: Path) -> Report:
    """Copy the store at `source` as it is at one moment, also while a server writes it.

    The copy is of the newest version, and one file that needs no other: its pages are in it, not in
    a write-ahead log. It is looked through as `verify` does it.

    Args:
        source: what is copied.
        target: an empty file.
        path: what that will be called; it stands in the sentences.

    Raises:
        Faulty: what was copied is not as it was written.
        StoreError: it cannot be read or written.
    """
    with _copying(source, path):
        _copy_pages(source, target)
        with contextlib.closing(connect(target)) as connection:
            try:
                migrate(connection)
            except Damaged as error:
                raise damage(source, str(error)) from error
            report = inspect(connection)
    if report.faults:
        raise Faulty(report, f"{source} is not as it was written, so no copy of it was kept.")
    return report


def _copy_pages(source: Path, target: Path) -> None:
    """Copy all pages of one moment, and make them a file that needs no write-ahead log."""
    with open_for_reading(source) as reader, contextlib.closing(connect(target)) as writer:
        reader.execute("BEGIN")  # one moment for all pages, however long it takes
        reader.execute("SELECT 1 FROM sqlite_schema").fetchone()
        writer.execute("PRAGMA locking_mode = EXCLUSIVE")  # nobody else knows of the copy
        writer.execute("PRAGMA synchronous = OFF")  # it is synced as a whole when it is placed
        writer.execute("PRAGMA journal_mode = OFF")
        reader.backup(writer, pages=PAGES)
        writer.execute("PRAGMA journal_mode = DELETE")


@contextlib.contextmanager
def _copying(source: Path, path: Path) -> Iterator[None]:
    """Turn what goes wrong meanwhile into a sentence."""
    try:
        yield
    except sqlite3.Error as error:
        match primary_code(error):
            case sqlite3.SQLITE_FULL:
                raise disk_is_full(path) from error
            case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
                raise damage(source, str(error)) from error
        raise StoreError(f"Copying {source} to {path} failed: {error}.") from error
