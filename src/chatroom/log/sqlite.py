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

from chatroom.log import inspection, schema, space, sqlite_rules, wal
from chatroom.log.base import Account, Change, Entry, Outcome, Session, Store, StoreError
from chatroom.log.chain import GENESIS
from chatroom.log.connections import (
    ReaderPool,
    connect,
    disk_is_full,
    explained,
    identity,
    primary_code,
)
from chatroom.log.rules import Ban, Invite
from chatroom.log.transaction import Transaction, account

_READ = (
    "SELECT log, seq, author, text, ts FROM entries WHERE log = ? AND seq > ? ORDER BY seq LIMIT ?"
)
_ACCOUNTS = "SELECT number, name, password, inbox, removed FROM accounts"
_NEWEST = "SELECT ts, hash FROM commits ORDER BY number DESC LIMIT 1"
_SHARED = "SELECT last FROM lineage WHERE log = ? AND epoch = ?"
_SESSION = "SELECT account, used FROM sessions WHERE digest = ?"
_PROBE = "INSERT OR REPLACE INTO probes VALUES (1, ?)"
_MORE_PAGES = "INSERT INTO sessions VALUES (zeroblob(65536), 0, 0)"

_abandoned: list[sqlite3.Connection] = []  # which must never be closed, see `SqliteStore.abandon`


class SqliteStore(Store):
    """A store in one file. The contract is `Store`'s; durable means: synced to the disk.

    Args:
        path: the file; made if it is missing, in a folder that exists. Whoever opens it must be
            the only one that writes: see `chatroom.log.lock`.
        clock: seconds since 1970.
        reserve: how many bytes of the disk nothing is written to, so that there is room to
            write back what is committed, and to start again; with 0 there is no look at it.

    Raises:
        StoreError: the file cannot be opened, belongs to something else, or is damaged.
    """

    def __init__(
        self, path: Path, clock: Callable[[], float] = time.time, *, reserve: int = 0
    ) -> None:
        self._path = path
        self._clock = clock
        self._reserve = reserve
        self._readers = ReaderPool(path)
        self._lock = threading.Lock()  # guards _heads and _epochs; nothing blocks under it
        self._is_abandoned = False
        with explained(path):
            self.was_left = wal.is_left(path)
            """Whether whoever had the file before did not close it, as when the power fails."""
            self._writer = connect(path)
            try:
                self._open()
            except BaseException:
                self._writer.close()
                raise

    def _open(self) -> None:
        """Make the writer durable and read what is kept in memory."""
        writer = self._writer
        writer.execute("PRAGMA synchronous = FULL")
        if self.was_left:
            schema.check(writer)  # nothing is written to the file of another program
            wal.settle(writer, self._path)
        schema.migrate(writer)
        (mode,) = writer.execute("PRAGMA journal_mode = WAL").fetchone()
        writer.execute("PRAGMA cache_spill = OFF")  # see `wal`
        (level,) = writer.execute("PRAGMA synchronous").fetchone()
        if (mode, level) != ("wal", 2):
            raise StoreError("its file system has no write-ahead log; choose a local disk")
        logs = inspection.logs(writer)
        self._epochs = {number: epoch for number, epoch, _ in logs}
        self._heads = {number: head for number, _, head in logs}
        inspection.check_newest(writer, self._heads)
        self._ts: float  # of the newest commit
        self._hash: bytes  # the newest of the chain
        self._ts, self._hash = writer.execute(_NEWEST).fetchone() or (0.0, GENESIS)
        self._identity = identity(self._path)

    def commit(self, changes: Sequence[Change]) -> list[Outcome]:
        """Do all of `changes` in one transaction; see `Store.commit`."""
        with self._writing(space.taken(changes)):
            try:
                return self._transact(changes, one_by_one=False)
            except sqlite3.IntegrityError:  # an id came again: look each of them up
                return self._transact(changes, one_by_one=True)

    def probe(self) -> None:
        """Write something that means nothing; see `Store.probe`."""
        with self._writing(space.ENOUGH), self._transaction() as writer:
            writer.execute(_PROBE, (self._clock(),))
            writer.execute("SAVEPOINT probe")  # the file may be at its own limit
            writer.execute(_MORE_PAGES)
            writer.execute("ROLLBACK TO probe")

    @contextmanager
    def _writing(self, bytes_: int) -> Iterator[None]:
        """See whether there is room for `bytes_`, and turn what goes wrong then into a sentence."""
        if self._is_abandoned:
            raise StoreError(f"{self._path} was given up after an error.")
        if identity(self._path) != self._identity:  # what is written now would be lost
            raise StoreError(f"{self._path} was removed or replaced while it was in use.")
        try:
            if self._reserve and space.free(self._path) < self._reserve + bytes_:
                raise disk_is_full(self._path)
            yield
        except OSError as error:
            raise StoreError(f"Writing to {self._path} failed: {error.strerror}.") from error
        except sqlite3.Error as error:
            if primary_code(error) == sqlite3.SQLITE_FULL:
                raise disk_is_full(self._path) from error
            raise StoreError(f"Writing to {self._path} failed: {error}.") from error

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """Commit what is done to the writer meanwhile, or nothing of it."""
        self._writer.execute("BEGIN IMMEDIATE")
        try:
            yield self._writer
            self._writer.execute("COMMIT")
        except BaseException:
            if self._writer.in_transaction:
                self._writer.execute("ROLLBACK")
            raise

    def _transact(self, changes: Sequence[Change], *, one_by_one: bool) -> list[Outcome]:
        """Do all of `changes`, or raise and do none."""
        ts = max(self._ts, round(self._clock(), 3))
        with self._transaction() as writer:
            transaction = Transaction(writer, self._heads, self._hash, ts)
            outcomes = transaction.apply(changes, one_by_one=one_by_one)
        self._ts = ts
        self._hash = transaction.hash
        with self._lock:
            self._heads.update(transaction.heads)
            self._epochs.update(transaction.epochs)
        return outcomes

    def read(self, log: int, after: int, limit: int) -> list[Entry]:
        """Return entries behind a place; see `Store.read`."""
        with self._readers.lend() as reader:
            return [Entry(*row) for row in reader.execute(_READ, (log, after, limit))]

    def oldest(self, log: int) -> int:
        """Return the place of the oldest entry; see `Store.oldest`."""
        del log
        return 1  # nothing is ever forgotten, and no log has a hole

    def head(self, log: int) -> int:
        """Return the place of the newest entry; see `Store.head`."""
        with self._lock:
            return self._heads[log]

    def epoch(self, log: int) -> str:
        """Return the name of the incarnation; see `Store.epoch`."""
        with self._lock:
            return self._epochs[log]

    def shared(self, log: int, epoch: str) -> int:
        """Return the last place that is shared with `epoch`; see `Store.shared`."""
        with self._lock:
            if epoch == self._epochs[log]:
                return self._heads[log]
        with self._readers.lend() as reader:
            row = reader.execute(_SHARED, (log, epoch)).fetchone()
        return int(row[0]) if row else 0

    def session(self, digest: bytes) -> Session | None:
        """Return a session; see `Store.session`."""
        with self._readers.lend() as reader:
            row = reader.execute(_SESSION, (digest,)).fetchone()
        return Session(*row) if row else None

    def accounts(self) -> list[Account]:
        """Return every account; see `Store.accounts`."""
        with self._readers.lend() as reader:
            rows = reader.execute(_ACCOUNTS).fetchall()
            kind = list[tuple[int, str, str, int, int]]
            return [account(row) for row in inspection.checked(rows, kind, "accounts")]

    def bans(self) -> list[Ban]:
        """Return the bans; see `Store.bans`."""
        with self._readers.lend() as reader:
            return sqlite_rules.bans(reader)

    def invites(self) -> list[Invite]:
        """Return the invites; see `Store.invites`."""
        with self._readers.lend() as reader:
            return sqlite_rules.invites(reader)

    def close(self) -> None:
        """Write everything back into the one file and close it, unless it is abandoned."""
        self._readers.close()
        if not self._is_abandoned:
            self._writer.close()  # the last connection checkpoints and removes the write-ahead log

    def abandon(self) -> None:
        """Write nothing any more; see `Store.abandon`.

        The connection that writes is left open: closing the last one writes and syncs. Whoever
        ends the process must do so without tidying up (`os._exit`), for that closes it too.
        """
        self._is_abandoned = True
        _abandoned.append(self._writer)
