"""The tables of the SQLite store, and the way to them from every version that was ever released."""

import contextlib
import sqlite3
from collections.abc import Callable

from chatroom.log.base import ROOM, StoreError, new_epoch
from chatroom.log.sealing import Damaged, seal_all

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

_RULES_AND_AUDIT = """
CREATE TABLE bans (
    account INTEGER UNIQUE REFERENCES accounts,
    network TEXT UNIQUE,                  -- in CIDR notation
    since   REAL NOT NULL,
    until   REAL,
    reason  TEXT NOT NULL,
    CHECK ((account IS NULL) <> (network IS NULL))
) STRICT;

CREATE TABLE invites (
    digest BLOB PRIMARY KEY,
    name   TEXT NOT NULL UNIQUE,
    since  REAL NOT NULL,
    until  REAL NOT NULL
) STRICT;

CREATE TABLE audit (                      -- who decided what
    guest   INTEGER NOT NULL,             -- whether it was somebody from the network
    number  INTEGER NOT NULL,
    ts      REAL NOT NULL,
    actor   TEXT NOT NULL,
    act     TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail  TEXT NOT NULL,
    PRIMARY KEY (guest, number)
) STRICT, WITHOUT ROWID;
"""

Step = str | Callable[[sqlite3.Connection], None]
"""Statements, or a function that executes some."""


def _version_2(connection: sqlite3.Connection) -> None:
    """Make room for sessions and commits, and seal the entries that are there."""
    _execute(connection, _SESSIONS_AND_COMMITS)
    seal_all(connection)


MIGRATIONS: tuple[Step, ...] = (_VERSION_1, _version_2, _RULES_AND_AUDIT)
"""What leads from each version to the next, the first from an empty file. Only ever added to."""


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the file behind `connection` to the newest version, as a whole or not at all.

    Raises:
        StoreError: the file belongs to another program or to a newer chatroom, or is damaged.
        sqlite3.Error: the file cannot be read or written.
    """
    version = check(connection)
    if version == len(MIGRATIONS):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        for step in MIGRATIONS[version:]:
            _take(connection, step)
        if version == 0:
            connection.execute("INSERT INTO logs VALUES (?, ?)", (ROOM, new_epoch()))
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
        connection.execute("COMMIT")
    except BaseException:
        connection.rollback()
        raise


def _take(connection: sqlite3.Connection, step: Step) -> None:
    """Take one step of the way from version to version."""
    if isinstance(step, str):
        _execute(connection, step)
    else:
        step(connection)


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


def check(connection: sqlite3.Connection) -> int:
    """Return `version_of` the file, if it has all tables and indexes of that version.

    Raises:
        StoreError: the file belongs to another program or to a newer chatroom, or is damaged.
        sqlite3.Error: the file cannot be read.
    """
    found = _tables(connection)
    try:
        version = version_of(connection)
    except StoreError as error:
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        if application != APPLICATION_ID and _tables_of(1).items() <= found.items():
            raise Damaged("its mark was changed") from error
        raise
    if found and version < 1:
        raise Damaged("its version is lost")
    expected = _tables_of(version)
    for name, definition in expected.items():
        if found.get(name) != definition:
            raise Damaged(f"{name} is missing or was changed")
    if version < len(MIGRATIONS) and found.keys() & (
        _tables_of(len(MIGRATIONS)).keys() - expected.keys()
    ):
        raise Damaged("its version was changed")
    return version


def _tables(connection: sqlite3.Connection) -> dict[str, str]:
    """Return the definition of each table and index by its name."""
    return dict(connection.execute("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL"))


def _tables_of(version: int) -> dict[str, str]:
    """Return the tables and indexes that a file of `version` has."""
    with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as model:
        for step in MIGRATIONS[:version]:
            _take(model, step)
        return _tables(model)
