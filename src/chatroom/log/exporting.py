"""Everything that was said, in a form that other programs can read."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import msgspec

from chatroom.log.base import ROOM
from chatroom.log.connections import explained
from chatroom.log.reading import open_for_reading

PIECE = 1000
"""How many entries are read at once. Between two pieces nothing is held, so that a slow reader of
what is exported does not make the write-ahead log of the server grow."""

_LOGS = """
SELECT logs.number, logs.epoch, coalesce(accounts.name, ''),
    coalesce((SELECT max(seq) FROM entries WHERE log = logs.number), 0)
FROM logs LEFT JOIN accounts ON accounts.inbox = logs.number ORDER BY logs.number
"""
_ENTRIES = """
SELECT seq, ts, coalesce(accounts.name, ''), entries.id, text
FROM entries LEFT JOIN accounts ON accounts.number = author
WHERE log = ? AND seq > ? AND seq <= ? ORDER BY seq LIMIT ?
"""


class Line(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """A message, with its fields as they stand in the export, in their order."""

    log: str
    """`room`, or `inbox:` and whose it is."""
    seq: int
    prev: int
    """The place before it in its log, 0 for the first."""
    epoch: str
    ts: float
    sender: str = msgspec.field(name="from")
    to: str | None = None
    """Who alone it was said to."""
    id: str | None = None
    """What the sender called it."""
    message: str


def export(path: Path, *, direct: bool) -> Iterator[Line]:
    """Yield every message that is in the store at `path` now, log by log; a server may run on it.

    Args:
        path: the database file.
        direct: whether those that were said to one person are included.

    Raises:
        StoreError: the store cannot be read.
    """
    with open_for_reading(path) as connection, explained(path):
        for log, epoch, owner, head in connection.execute(_LOGS).fetchall():
            if log == ROOM:
                yield from _lines(connection, log, head, epoch, "room", None)
            elif direct:
                yield from _lines(connection, log, head, epoch, f"inbox:{owner}", owner)


def _lines(
    connection: sqlite3.Connection, log: int, head: int, epoch: str, name: str, to: str | None
) -> Iterator[Line]:
    """Yield the messages of one log up to the place `head`."""
    after = 0
    while rows := connection.execute(_ENTRIES, (log, after, head, PIECE)).fetchall():
        for seq, ts, sender, id_, text in rows:
            yield Line(
                log=name,
                seq=seq,
                prev=seq - 1,
                epoch=epoch,
                ts=ts,
                sender=sender,
                to=to,
                id=id_,
                message=text,
            )
        after = rows[-1][0]
