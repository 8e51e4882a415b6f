"""The engine that keeps the logs in one SQLite file, durable and readable while it is written.

The write-ahead log with `synchronous=FULL` makes a commit survive a crash of the process, of the
kernel and of the power: SQLite syncs the file before COMMIT returns. One connection writes and
checkpoints, and it belongs to the committer; readers have connections of their own which can
write nothing, and never wait for it.
"""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from chatroom.log.base import (
    Account,
    AddAccount,
    Appended,
    Change,
    Draft,
    Entry,
    IdReused,
    Outcome,
    Recall,
    Refused,
    RemoveAccount,
    SetPassword,
    StorageFull,
    Store,
    StoreError,
    new_epoch,
)
from chatroom.log.schema import migrate
from chatroom.protocol.names import fold

_INSERT = "INSERT INTO entries (log, seq, author, id, text, ts) VALUES (?, ?, ?, ?, ?, ?)"
_KNOWN = "SELECT log, seq, text, ts FROM entries WHERE author = ? AND id = ?"
_READ = (
    "SELECT log, seq, author, text, ts FROM entries WHERE log = ? AND seq > ? ORDER BY seq LIMIT ?"
)
_ACCOUNTS = "SELECT number, name, password, inbox, removed FROM accounts"
_ADD_LOG = "INSERT INTO logs (epoch) VALUES (?) RETURNING number"
_ADD = "INSERT INTO accounts (name, key, password, inbox) VALUES (?, ?, ?, ?) RETURNING number"
_CHANGE = """
UPDATE accounts SET password = ? WHERE number = ? AND removed = 0
RETURNING number, name, password, inbox, removed
"""
_REMOVE = """
UPDATE accounts SET password = '', removed = 1 WHERE number = ? AND removed = 0
RETURNING number, name, password, inbox, removed
"""
_LOGS = """
SELECT number, epoch, coalesce((SELECT max(seq) FROM entries WHERE log = number), 0) FROM logs
"""
_NEWEST = """
SELECT coalesce(max((SELECT ts FROM entries WHERE log = number ORDER BY seq DESC LIMIT 1)), 0.0)
FROM logs
"""


class SqliteStore(Store):
    """A store in one file. The contract is `Store`'s; durable means: synced to the disk.

    Args:
        path: the file; made if it is missing, in a folder that exists. Whoever opens it must be
            the only one that writes: see `chatroom.log.lock`.
        clock: seconds since 1970.

    Raises:
        StoreError: the file cannot be opened, belongs to something else, or is damaged.
    """

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        self._path = path
        self._clock = clock
        self._readers: list[sqlite3.Connection] = []  # those that nobody uses just now
        self._lock = threading.Lock()  # guards _readers and _heads; nothing blocks under it
        with _explained(path):
            self._writer = self._connect()
            try:
                self._open()
            except BaseException:
                self._writer.close()
                raise

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)

    def _open(self) -> None:
        """Make the writer durable and read what is kept in memory."""
        writer = self._writer
        migrate(writer)
        (mode,) = writer.execute("PRAGMA journal_mode = WAL").fetchone()
        writer.execute("PRAGMA synchronous = FULL")
        (level,) = writer.execute("PRAGMA synchronous").fetchone()
        if (mode, level) != ("wal", 2):
            raise StoreError("its file system has no write-ahead log; choose a local disk")
        logs = writer.execute(_LOGS).fetchall()
        self._epochs: dict[int, str] = {number: epoch for number, epoch, _ in logs}
        self._heads: dict[int, int] = {number: head for number, _, head in logs}
        (self._ts,) = writer.execute(_NEWEST).fetchone()
        self._identity = _identity(self._path)

    def commit(self, changes: Sequence[Change]) -> list[Outcome]:
        """Do all of `changes` in one transaction; see `Store.commit`."""
        if _identity(self._path) != self._identity:  # what is written now would be lost
            raise StoreError(f"{self._path} was removed or replaced while it was in use.")
        try:
            try:
                return self._transact(changes, one_by_one=False)
            except sqlite3.IntegrityError:  # an id came again: look each of them up
                return self._transact(changes, one_by_one=True)
        except sqlite3.Error as error:
            if _code(error) == sqlite3.SQLITE_FULL:
                raise StorageFull(f"The disk of {self._path} is full; make room on it.") from error
            raise StoreError(f"Writing to {self._path} failed: {error}.") from error

    def _transact(self, changes: Sequence[Change], *, one_by_one: bool) -> list[Outcome]:
        """Do all of `changes`, or raise and do none."""
        transaction = _Transaction(
            self._writer, self._heads, max(self._ts, round(self._clock(), 3))
        )
        self._writer.execute("BEGIN IMMEDIATE")
        try:
            outcomes = transaction.apply(changes, one_by_one=one_by_one)
            self._writer.execute("COMMIT")
        except BaseException:
            if self._writer.in_transaction:
                self._writer.execute("ROLLBACK")
            raise
        self._ts = transaction.ts
        with self._lock:
            self._heads.update(transaction.heads)
            self._epochs.update(transaction.epochs)
        return outcomes

    def read(self, log: int, after: int, limit: int) -> list[Entry]:
        """Return entries behind a place; see `Store.read`."""
        with self._reader() as reader:
            return [Entry(*row) for row in reader.execute(_READ, (log, after, limit))]

    def oldest(self, log: int) -> int:
        """Return the place of the oldest entry; see `Store.oldest`."""
        head = self.head(log)  # first: what is committed meanwhile must not seem forgotten
        entries = self.read(log, 0, 1)
        return entries[0].seq if entries else head + 1

    def head(self, log: int) -> int:
        """Return the place of the newest entry; see `Store.head`."""
        with self._lock:
            return self._heads[log]

    def epoch(self, log: int) -> str:
        """Return the name of the incarnation; see `Store.epoch`."""
        with self._lock:
            return self._epochs[log]

    def accounts(self) -> list[Account]:
        """Return every account; see `Store.accounts`."""
        with self._reader() as reader:
            return [_account(row) for row in reader.execute(_ACCOUNTS)]

    @contextmanager
    def _reader(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection that can only read; the calling thread has it to itself."""
        with _explained(self._path):
            with self._lock:
                reader = self._readers.pop() if self._readers else None
            if reader is None:
                reader = self._connect()
                reader.execute("PRAGMA query_only = ON")
            try:
                yield reader
            finally:
                with self._lock:
                    self._readers.append(reader)

    def close(self) -> None:
        """Write everything back into the one file and close it; see `Store.close`."""
        for reader in self._readers:
            reader.close()
        self._readers.clear()
        self._writer.close()  # the last connection checkpoints and removes the write-ahead log


class _Transaction:
    """The changes of one transaction, and what they make of the heads."""

    def __init__(self, writer: sqlite3.Connection, heads: dict[int, int], ts: float) -> None:
        self.ts = ts
        self.heads: dict[int, int] = {}  # of the logs that this transaction appends to
        self.epochs: dict[int, str] = {}  # of the logs that it makes
        self._writer = writer
        self._before = heads
        self._rows: list[tuple[int, int, int, str | None, str, float]] = []

    def apply(self, changes: Sequence[Change], *, one_by_one: bool) -> list[Outcome]:
        """Do `changes`; with `one_by_one`, look up first whether each draft's id is known.

        Raises:
            sqlite3.IntegrityError: not one_by_one, and a draft's id came again.
        """
        outcomes: list[Outcome] = []
        for change in changes:
            if isinstance(change, Recall):
                self._flush()
                outcomes.append(self._known(change) or Refused())
            elif isinstance(change, Draft):
                outcome = self._known(change) if one_by_one else None
                outcomes.append(outcome or self._append(change))
                if one_by_one:
                    self._flush()
            else:
                outcomes.append(self._account(change))
        self._flush()
        return outcomes

    def _append(self, draft: Draft) -> Appended:
        log = draft.log
        head = self.heads.get(log)
        seq = self.heads[log] = (self._before[log] if head is None else head) + 1
        self._rows.append((log, seq, draft.author, draft.id, draft.text, self.ts))
        return Appended(seq, self.ts)

    def _flush(self) -> None:
        self._writer.executemany(_INSERT, self._rows)
        self._rows.clear()

    def _known(self, draft: Draft) -> Outcome | None:
        """Say what is known of the draft's id, None if nothing is."""
        if draft.id is None:
            return None
        row = self._writer.execute(_KNOWN, (draft.author, draft.id)).fetchone()
        if row is None:
            return None
        log, seq, text, ts = row
        return Appended(seq, ts, True) if (log, text) == (draft.log, draft.text) else IdReused()

    def _account(self, change: AddAccount | SetPassword | RemoveAccount) -> Outcome:
        match change:
            case AddAccount(name, password):
                return self._add(name, password)
            case SetPassword(number, password):
                found = self._writer.execute(_CHANGE, (password, number))
            case _:  # RemoveAccount
                found = self._writer.execute(_REMOVE, (change.account,))
        row = found.fetchone()
        return _account(row) if row else Refused()

    def _add(self, name: str, password: str) -> Outcome:
        key = fold(name)
        taken = "SELECT 1 FROM accounts WHERE key = ? AND removed = 0"
        if self._writer.execute(taken, (key,)).fetchone():
            return Refused()
        epoch = new_epoch()
        (inbox,) = self._writer.execute(_ADD_LOG, (epoch,)).fetchone()
        (number,) = self._writer.execute(_ADD, (name, key, password, inbox)).fetchone()
        self.heads[inbox] = 0
        self.epochs[inbox] = epoch
        return Account(number, name, password, inbox)


def _identity(path: Path) -> tuple[int, int] | None:
    """Return what tells the file at `path` from every other, None if there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _code(error: sqlite3.Error) -> int | None:
    """Return SQLite's code of `error`; what the module itself refuses has none."""
    return getattr(error, "sqlite_errorcode", None)


def _account(row: tuple[int, str, str, int, int]) -> Account:
    """Return the account that a row of `_ACCOUNTS` or its like holds."""
    number, name, password, inbox, removed = row
    return Account(number, name, password, inbox, bool(removed))


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn what goes wrong with the file at `path` into a sentence about it."""
    try:
        yield
    except StoreError as error:
        raise StoreError(f"{path} cannot be used: {error}.") from error
    except sqlite3.Error as error:
        if _code(error) == sqlite3.SQLITE_NOTADB:
            raise StoreError(
                f"{path} cannot be used: it is no database; choose another path."
            ) from error
        raise StoreError(
            f"{path} cannot be used: {error}; see to its disk and its permissions."
        ) from error
