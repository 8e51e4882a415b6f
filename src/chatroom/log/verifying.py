"""Whether a store is as it was written: every page, every place, every hash.

The chain proves that nothing in it was changed, taken out, put in or moved. What it cannot prove is
that nothing was cut off at its end: a shorter log is a log too.
"""

import math
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from chatroom.log.base import StoreError
from chatroom.log.chain import GENESIS, Span
from chatroom.log.connections import explained, primary_code
from chatroom.log.reading import lenient, open_for_reading
from chatroom.log.schema import version_of
from chatroom.log.sealing import Commit, Damaged, read_commit, rehash

FAULTS = 20
"""How many faults are told; the others are counted."""

_SEALED = 2  # the first version of the schema that has hashes

_COMMITS = "SELECT number, ts, spans, hash FROM commits ORDER BY number"
_EXTENTS = "SELECT log, count(*), min(seq), max(seq) FROM entries GROUP BY log"


class Report(msgspec.Struct):
    """What was found."""

    entries: int = 0
    commits: int = 0
    logs: int = 0
    faults: list[str] = []
    """What is wrong, each as a sentence without its full stop, at most `FAULTS` of them."""
    untold: int = 0
    """How many more there are."""

    def add(self, fault: str) -> None:
        """Tell of a fault, or count it."""
        if len(self.faults) < FAULTS:
            self.faults.append(fault)
        else:
            self.untold += 1


def verify(path: Path) -> Report:
    """Look at everything in the store at `path`, as it is at one moment; a server may run on it.

    Raises:
        StoreError: it cannot be looked at.
    """
    with open_for_reading(path) as connection, explained(path):
        if version_of(connection) < _SEALED:
            raise StoreError(
                "an older chatroom wrote it, without hashes; start a server on it once"
            )
        connection.execute("BEGIN")
        return inspect(connection)


def inspect(connection: sqlite3.Connection) -> Report:
    """Look at everything in the store behind `connection`, of a version that has hashes.

    It takes memory for the logs, not for what is in them. The connection has to be in a transaction
    if others may write meanwhile.

    Raises:
        sqlite3.Error: it cannot be read; damage is no error but a fault.
    """
    connection.text_factory = lenient
    report = Report()
    for step in (_inspect_pages, _inspect_references, _inspect_chain):
        try:
            step(connection, report)
        except sqlite3.DatabaseError as error:
            if primary_code(error) not in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
                raise
            report.add(f"the file is damaged: {error}")
        except (UnicodeDecodeError, TypeError):  # in SQLite's own message, or in a value
            report.add("the file is damaged: its tables cannot be read")
    return report


def _inspect_pages(connection: sqlite3.Connection, report: Report) -> None:
    """See whether the file is a sound database, and its indexes fit its tables."""
    for (line,) in connection.execute("PRAGMA integrity_check"):
        if line != "ok":
            report.add(f"the file is damaged: {' '.join(line.split())}")


def _inspect_references(connection: sqlite3.Connection, report: Report) -> None:
    """See whether every account and log that is named is there."""
    for table, _, parent, _ in connection.execute("PRAGMA foreign_key_check"):
        report.add(f"something in the table {table} names one of the {parent} that is not there")


def _inspect_chain(connection: sqlite3.Connection, report: Report) -> None:
    """See whether the entries are those of the commits, and say what was sealed."""
    (report.logs,) = connection.execute("SELECT count(*) FROM logs").fetchone()
    walk = _Walk(connection, report)
    for row in connection.execute(_COMMITS):
        walk.take(row)
    for log, count, first, last in connection.execute(_EXTENTS):
        report.entries += count
        walk.compare(log, first, last)


class _Walk:
    """Goes from commit to commit. Behind a fault it goes on with what the file says."""

    def __init__(self, connection: sqlite3.Connection, report: Report) -> None:
        self._connection = connection
        self._report = report
        self._number = 0  # of the newest commit that was taken, and its time and hash
        self._ts = -math.inf
        self._hash = GENESIS
        self._ends: dict[int, int] = {}  # of each log the last place that a commit covers

    def take(self, row: Sequence[Any]) -> None:
        """Look at the next commit and its entries."""
        self._report.commits += 1
        number, _, _, hash_ = row
        if number != self._number + 1:
            self._report.add(f"{_range('commit', self._number + 1, number - 1)} missing")
        self._number = number
        try:
            self._check(read_commit(row))
        except Damaged as error:
            self._report.add(str(error))
        self._hash = hash_ if isinstance(hash_, bytes) else b""

    def _check(self, commit: Commit) -> None:
        if commit.ts < self._ts:
            self._report.add(f"commit {commit.number} is earlier than the one before it")
        self._ts = commit.ts
        logs = [log for log, _, _ in commit.spans]
        if not logs or logs != sorted(set(logs)):
            self._report.add(f"commit {commit.number} does not name its logs in order")
        for span in commit.spans:
            self._cover(commit.number, span)
        if rehash(self._connection, commit, self._hash) != commit.hash:
            self._report.add(
                f"commit {commit.number} does not have the hash that it was sealed with: it, the "
                "one before it or one of its entries was changed"
            )

    def _cover(self, number: int, span: Span) -> None:
        log, first, last = span
        due = self._ends.get(log, 0) + 1
        if first != due or last < first:
            self._report.add(
                f"commit {number} covers the entries {first} to {last} of log {log}, where "
                f"those from {due} are due"
            )
        self._ends[log] = max(last, due - 1)

    def compare(self, log: int, first: int, last: int) -> None:
        """Look whether a log has more entries than the commits cover. Fewer were noticed before."""
        end = self._ends.get(log, 0)
        if last > end:
            where = f" of log {log}"
            self._report.add(f"{_range('entry', end + 1, last, where)} in no commit")
        elif first < 1:
            self._report.add(f"log {log} has an entry {first}")


def _range(what: str, first: int, last: int, where: str = "") -> str:
    """Return the subject and the verb of a sentence about one thing or several."""
    if first >= last:
        return f"{what} {first}{where} is"
    several = {"commit": "commits", "entry": "entries"}[what]
    return f"{several} {first} to {last}{where} are"
