"""The audit log: who decided what, as it stands in the file of a store."""

import heapq
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import msgspec

from chatroom.log.connections import explained
from chatroom.log.inspection import checked
from chatroom.log.reading import open_for_reading
from chatroom.log.schema import version_of

PIECE = 1000
"""How many records are read at once; nothing is held between two pieces, as in `exporting`."""

_FIRST_VERSION = 3  # of the schema, that has an audit log

_RECORDS = """
SELECT ts, guest, number, actor, act, subject, detail FROM audit
WHERE guest = ? AND number > ? AND ts >= ? ORDER BY number LIMIT ?
"""

_Row = tuple[float, int, int, str, str, str, str]


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """An act that was recorded, with its fields as they stand in the JSON, in their order."""

    ts: float
    """When it was done, in seconds since 1970."""
    by: str
    """Who did it: `uid:1000` for a user of the server's system, or the name of an account."""
    act: str
    subject: str
    detail: str


def records(path: Path, since: float = 0.0) -> Iterator[Record]:
    """Yield what is in the audit log of the store at `path`, the oldest first.

    A server may run on it; what is decided meanwhile may be left out.

    Args:
        path: the database file.
        since: from when on, in seconds since 1970.

    Raises:
        StoreError: the store cannot be read.
    """
    with open_for_reading(path) as connection, explained(path):
        if version_of(connection) >= _FIRST_VERSION:
            for row in heapq.merge(*(_rows(connection, guest, since) for guest in (0, 1))):
                ts, _, _, actor, act, subject, detail = row
                yield Record(ts=ts, by=actor, act=act, subject=subject, detail=detail)


def _rows(connection: sqlite3.Connection, guest: int, since: float) -> Iterator[_Row]:
    """Yield the rows of what guests did, or of the rest, in the order of their numbers."""
    number = 0
    while True:
        found = connection.execute(_RECORDS, (guest, number, since, PIECE)).fetchall()
        rows = checked(found, list[_Row], "audit")
        yield from rows
        if len(rows) < PIECE:
            return
        number = rows[-1][2]
