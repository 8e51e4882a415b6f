"""The commits as a file holds them, and the hashes that they should have."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

import msgspec

from chatroom.log.base import StoreError
from chatroom.log.chain import GENESIS, Link, Span, digest, seal, size, spans_from_text
from chatroom.log.chain import spans_to_text as to_text

ADD_COMMIT = "INSERT INTO commits (ts, spans, hash) VALUES (?, ?, ?)"
"""Stores a commit; its number is the next one."""

_COMMITS = "SELECT number, ts, spans, hash FROM commits WHERE number > ? ORDER BY number"
_BACKWARDS = "SELECT number, ts, spans, hash FROM commits ORDER BY number DESC"
_ENTRIES = """
SELECT seq, ts, author, CAST(id AS BLOB), CAST(text AS BLOB) FROM entries
WHERE log = ? AND seq BETWEEN ? AND ? ORDER BY seq
"""
_UNSEALED = (
    "SELECT ts, log, min(seq), max(seq), count(*) FROM entries GROUP BY ts, log ORDER BY 1, 2"
)

SEALED_AT_ONCE = 1000
"""How many entries one commit holds at most where older entries are sealed."""


class Damaged(StoreError):
    """A file is not as it was written. The text says what is wrong, as part of a sentence."""


class Commit(msgspec.Struct, frozen=True, gc=False):
    """A transaction that appended entries, as the file has it."""

    number: int
    """1, 2, 3 … without holes."""
    ts: float
    """When it was; all its entries have this time."""
    spans: list[Span]
    """What it appended, ordered by log."""
    hash: bytes
    """What it was sealed with."""


def commits(connection: sqlite3.Connection, after: int = 0) -> Iterator[Commit]:
    """Yield the commits behind the number `after`, oldest first.

    Raises:
        Damaged: one of them cannot be read, or is missing.
    """
    for number, row in enumerate(connection.execute(_COMMITS, (after,)), after + 1):
        commit = read_commit(row)
        if commit.number != number:
            raise Damaged(f"commit {number} is missing")
        yield commit


def rehash(connection: sqlite3.Connection, commit: Commit, before: bytes) -> bytes:
    """Return the hash that `commit` should have by what its entries say.

    Args:
        connection: to the file.
        commit: which.
        before: the hash of the commit before it, `GENESIS` for the first.

    Raises:
        Damaged: not all of its entries are there, or one has another time.
    """
    return seal(before, commit.ts, commit.spans, _links(connection, commit.spans, commit.ts))


def newest(connection: sqlite3.Connection, entries: int) -> tuple[bytes, list[Commit]]:
    """Return the newest commits, oldest first, and the hash before them.

    Args:
        connection: to the file.
        entries: how many entries they are to hold together at least, if there are as many.

    Raises:
        Damaged: one of them cannot be read, or is missing.
    """
    found: list[Commit] = []
    held = 0
    for row in connection.execute(_BACKWARDS):
        commit = read_commit(row)
        if found and commit.number != found[-1].number - 1:
            raise Damaged(f"commit {found[-1].number - 1} is missing")
        if held >= entries:
            return commit.hash, found[::-1]
        found.append(commit)
        held += size(commit.spans)
    if found and found[-1].number != 1:
        raise Damaged(f"commit {found[-1].number - 1} is missing")
    return GENESIS, found[::-1]


def seal_all(connection: sqlite3.Connection) -> None:
    """Seal the entries of a file that has no commits yet, in the order of their time.

    Raises:
        Damaged: a log has a hole, or its time goes back.
    """
    ends: dict[int, int] = {}
    before = GENESIS
    for ts, spans in groupby(connection.execute(_UNSEALED), itemgetter(0)):
        for log, first, last, count in map(itemgetter(1, 2, 3, 4), spans):
            if first != ends.get(log, 0) + 1 or last != first + count - 1:
                raise Damaged(f"log {log} has a hole at {ends.get(log, 0) + 1}")
            ends[log] = last
            for start in range(first, last + 1, SEALED_AT_ONCE):
                part = [(log, start, min(last, start + SEALED_AT_ONCE - 1))]
                before = seal(before, ts, part, _links(connection, part, ts))
                connection.execute(ADD_COMMIT, (ts, to_text(part), before))


def _links(connection: sqlite3.Connection, spans: Iterable[Span], ts: float) -> Iterator[Link]:
    """Yield what the chain holds of the entries in `spans`, which all have the time `ts`."""
    for log, first, last in spans:
        place = first
        for seq, then, author, id_, text in connection.execute(_ENTRIES, (log, first, last)):
            if seq != place or then != ts or text is None or type(author) is not int:
                break
            yield author, id_, digest(text)
            place += 1
        if place != last + 1:
            raise Damaged(f"entry {place} of log {log} is missing or has another time")


def read_commit(row: Sequence[Any]) -> Commit:
    """Return the commit that a row of number, ts, spans and hash holds.

    Raises:
        Damaged: it holds none.
    """
    number, ts, spans, hash_ = row
    try:
        return msgspec.convert(
            {"number": number, "ts": ts, "spans": spans_from_text(spans), "hash": hash_}, Commit
        )
    except (ValueError, TypeError, msgspec.ValidationError) as error:
        raise Damaged(f"commit {number} cannot be read") from error
