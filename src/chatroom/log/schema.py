"""The tables of the SQLite store, and the way to them from every version that was ever released."""

import sqlite3
from collections.abc import Callable

from chatroom.log.base import ROOM, StoreError, new_epoch
from chatroom.log.sealing import seal_all

APPLICATION_ID = 0x63686174
"""Marks the file as ours (`PRAGMA application_id`): the letters "chat"."""

_VERSION_1 = """
CREATE TABLE logs (
    number INTEGER PRIMARY KEY,
    epoch  TEXT NOT NULL
) STRICT;

CREATE TABLE accounts (
    number   INTEGER PRIMARY KEY,
    name     TEXT NOT NULL,
    key      TEXT NOT NULL,               -- the folded name
    password TEXT NOT NULL,
    inbox    INTEGER NOT NULL REFERENCES logs,
    removed  INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX accounts_by_key ON accounts (key) WHERE removed = 0;

CREATE TABLE entries (
    log    INTEGER NOT NULL REFERENCES logs,
    seq    INTEGER NOT NULL,
    author INTEGER NOT NULL REFERENCES accounts,
    id     TEXT,
    text   TEXT NOT NULL,
    ts     REAL NOT NULL,
    PRIMARY KEY (log, seq)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX entries_by_id ON entries (author, id) WHERE id IS NOT NULL;
"""

_SESSIONS_AND_COMMITS = """
CREATE TABLE lineage (                    -- the earlier incarnations of the logs
    log   INTEGER NOT NULL REFERENCES logs,
    epoch TEXT NOT NULL,
    last  INTEGER NOT NULL,               -- the last place that is shared with it
    PRIMARY KEY (log, epoch)
) STRICT, WITHOUT ROWID;

CREATE TABLE sessions (
    digest  BLOB PRIMARY KEY,
    account INTEGER NOT NULL REFERENCES accounts,
    used    REAL NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_by_account ON sessions (account, used);

CREATE TABLE commits (                    -- one for each transaction that appended entries
    number INTEGER PRIMARY KEY,
    ts     REAL NOT NULL,
    spans  TEXT NOT NULL,                 -- JSON: [[log, first, last], ...], ordered by log
    hash   BLOB NOT NULL                  -- see chain.py
) STRICT;

CREATE TABLE probes (                     -- what is written to see whether there is room
    number INTEGER PRIMARY KEY CHECK (number = 1),
    ts     REAL NOT NULL
) STRICT;
"""

Step = str | Callable[[sqlite3.Connection], None]
"""Statements, or a function that executes some."""


def _version_2(connection: sqlite3.Connection) -> None:
    """Make room for sessions and commits, and seal the entries that are there."""
    _execute(connection, _SESSIONS_AND_COMMITS)
    seal_all(connection)


MIGRATIONS: tuple[Step, ...] = (_VERSION_1, _version_2)
"""What leads from each version to the next, the first from an empty file. Only ever added to."""


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the file behind `connection` to the newest version, as a whole or not at all.

    Raises:
        StoreError: the file belongs to another program or to a newer chatroom.
        sqlite3.Error: the file cannot be read or written.
    """
    version = version_of(connection)
    if version == len(MIGRATIONS):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        for step in MIGRATIONS[version:]:
            if isinstance(step, str):
                _execute(connection, step)
            else:
                step(connection)
        if version == 0:
            connection.execute("INSERT INTO logs VALUES (?, ?)", (ROOM, new_epoch()))
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
        connection.execute("COMMIT")
    except BaseException:
        connection.rollback()
        raise


def _execute(connection: sqlite3.Connection, statements: str) -> None:
    """Execute `statements` one by one; `executescript` would end the transaction."""
    for statement in statements.split(";"):
        connection.execute(statement)


def version_of(connection: sqlite3.Connection) -> int:
    """Return the version of the schema in the file, 0 for an empty file.

    Raises:
        StoreError: the file belongs to another program or to a newer chatroom.
        sqlite3.Error: the file cannot be read.
    """
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if application != APPLICATION_ID and (tables or version or application):
        raise StoreError("it is the database of another program; choose another path")
    if version > len(MIGRATIONS):
        raise StoreError("it was written by a newer chatroom; install that version or a later one")
    return int(version)
