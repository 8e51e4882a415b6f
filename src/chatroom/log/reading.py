"""A file that is only looked at, also while a server writes it, or where nothing can be written."""

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chatroom.log.base import StoreError
from chatroom.log.connections import explained, primary_code
from chatroom.log.schema import check


@contextmanager
def open_for_reading(path: Path) -> Iterator[sqlite3.Connection]:
    """Yield a connection to the store at `path` that cannot change it.

    Text in it that is no UTF-8, as only damage makes it, is read with replacements.

    Raises:
        StoreError: there is no store, or it is one of a newer chatroom.
    """
    if not path.exists():
        raise StoreError(f"There is no file {path}.")
    with contextlib.ExitStack() as stack:
        with explained(path):
            if path.stat().st_size == 0:  # SQLite would throw its write-ahead log away
                raise StoreError("it is empty; choose another path")
            connection = stack.enter_context(contextlib.closing(_connect(path)))
            connection.text_factory = lenient
            connection.execute("PRAGMA query_only = ON")
            _check(connection)
        yield connection


def _check(connection: sqlite3.Connection) -> None:
    """See whether there is a store behind `connection`.

    Raises:
        StoreError: there is none; the text is a part of a sentence.
        sqlite3.Error: it cannot be read.
    """
    try:
        version = check(connection)
    except sqlite3.DatabaseError as error:
        if primary_code(error) == sqlite3.SQLITE_NOTADB:  # whoever names a file may err
            raise StoreError("it is no database; choose another path") from error
        raise
    if version == 0:
        raise StoreError("there is nothing in it; choose another path")


def _connect(path: Path) -> sqlite3.Connection:
    """Return a connection that leaves no trace.

    Closing the last connection to a file writes the write-ahead log back and removes it, unless
    that connection is a read-only one. So where there is such a log it is left to the server; and
    where there is none it is not left behind. A folder that nobody can write to has no place for
    one: there nobody else can write the file either.
    """
    if path.with_name(path.name + "-wal").exists():
        how = "mode=ro"
    elif os.access(path.parent, os.W_OK):
        how = "mode=rw"
    else:
        how = "immutable=1"
    return sqlite3.connect(f"{path.resolve().as_uri()}?{how}", isolation_level=None, uri=True)


def lenient(text: bytes) -> str:
    """Return `text` with replacements where it is no UTF-8, which only damage makes."""
    return text.decode(errors="replace")
