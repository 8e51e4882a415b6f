"""The file that keeps, over the end of the program, what a client must not forget.

That is whose it is, the session, the position in each log, and what was to be sent and is not
confirmed yet. It is an SQLite database, so that a crash in the middle of a write harms nothing.
A commit goes to the system and not to the disk (`synchronous=NORMAL`): the end of the program
loses nothing, and a power cut loses the last commits, upon which some messages come once more.

Whoever has it open holds a lock, so that no two programs handle the same messages. The lock is the
system's and ends with the process.
"""

import contextlib
import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from chatroom.client.errors import StateUnusable
from chatroom.client.events import Log
from chatroom.client.kept import Owner, Place, Unsent
from chatroom.protocol.names import same

_APPLICATION = 0x63686174  # "chat"
_VERSION = 1
_SCHEMA = (
    """CREATE TABLE owner (
        number INTEGER PRIMARY KEY CHECK (number = 1), username TEXT NOT NULL, session TEXT
    ) STRICT""",
    """CREATE TABLE positions (
        log TEXT PRIMARY KEY, epoch TEXT NOT NULL, after INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE unsent (
        number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, recipient TEXT, text TEXT NOT NULL
    ) STRICT""",
    f"PRAGMA application_id = {_APPLICATION}",
    f"PRAGMA user_version = {_VERSION}",
)

_SET_OWNER = """
    INSERT INTO owner VALUES (1, ?1, ?2)
    ON CONFLICT DO UPDATE SET username = ?1, session = ?2
"""
_SET_POSITION = """
    INSERT INTO positions VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET epoch = ?2, after = ?3
"""
_KEEP = "INSERT INTO unsent (id, recipient, text) VALUES (?, ?, ?)"
_DROP = "DELETE FROM unsent WHERE id = ?"

_Values = tuple[str | int | None, ...]


class StateFile:
    """An open state file. Its methods are for one thread at a time.

    Args:
        path: Where it is; made if it is not there.
        username: Whose it has to be.

    Raises:
        StateUnusable: It is damaged, in use, something else, or of another user.
    """

    def __init__(self, path: str | os.PathLike[str], username: str) -> None:
        self._path = Path(path).absolute()  # SQLite has names that are no files, such as :memory:
        with self._explained():
            _make(self._path)
            self._connection = sqlite3.connect(
                self._path, timeout=0.0, isolation_level=None, check_same_thread=False
            )
        try:
            with self._explained():
                self._open()
            self._check_owner(username)
        except BaseException:
            self._connection.close()
            raise

    def _open(self) -> None:
        """Takes the lock, makes the tables in a new file, and sees that an old one is whole."""
        self._run("PRAGMA locking_mode = EXCLUSIVE")
        self._run("BEGIN EXCLUSIVE")
        tables, application, version = (
            self._run(question)[0][0]
            for question in (
                "SELECT count(*) FROM sqlite_schema",
                "PRAGMA application_id",
                "PRAGMA user_version",
            )
        )
        if tables == 0:
            for statement in _SCHEMA:
                self._run(statement)
        elif application != _APPLICATION:
            raise StateUnusable(f"{self._path} is no state file; give another file as state.")
        elif version != _VERSION:
            raise StateUnusable(
                f"The state file {self._path} is of a newer version; use that, or another file."
            )
        self._run("COMMIT")
        self._run("PRAGMA journal_mode = WAL")
        self._run("PRAGMA synchronous = NORMAL")
        [[found]] = self._run("PRAGMA quick_check(1)")
        if found != "ok":
            raise self._damaged(str(found))

    def _check_owner(self, username: str) -> None:
        owner = self.owner()
        if owner is not None and not same(owner.username, username):
            raise StateUnusable(
                f"The state file {self._path} belongs to {owner.username};"
                f" {username} needs a file of their own."
            )

    def owner(self) -> Owner | None:
        """Returns whose it is, None if nobody has been logged in with it."""
        rows = self._read("SELECT username, session FROM owner")
        return Owner(*rows[0]) if rows else None

    def places(self) -> dict[str, Place]:
        """Returns the positions by the names of their logs."""
        rows = self._read("SELECT log, epoch, after FROM positions")
        return {log: Place(epoch, after) for log, epoch, after in rows}

    def unsent(self) -> list[Unsent]:
        """Returns what was to be sent, in its order."""
        rows = self._read("SELECT id, recipient, text FROM unsent ORDER BY number")
        return [Unsent(*row) for row in rows]

    def enter(self, owner: Owner, places: Mapping[Log, Place]) -> None:
        """Keeps who has logged in, by which session, and where they stand.

        Args:
            owner: The owner.
            places: The positions.
        """
        self._write([(_SET_OWNER, owner), *_positions(places)])

    def note(self, places: Mapping[Log, Place], done: Sequence[str] = ()) -> None:
        """Keeps new positions, and forgets what was to be sent under the ids that are `done`."""
        self._write([*_positions(places), *((_DROP, (name,)) for name in done)])

    def keep(self, message: Unsent) -> None:
        """Keeps a message that is about to be sent."""
        self._write([(_KEEP, message)])

    def close(self) -> None:
        """Gives the file back."""
        with self._explained():
            self._connection.close()

    def _run(self, statement: str, values: _Values = ()) -> list[Any]:
        return self._connection.execute(statement, values).fetchall()

    def _read(self, question: str) -> list[Any]:
        with self._explained():
            return self._run(question)

    def _write(self, statements: Sequence[tuple[str, _Values]]) -> None:
        """Does all of it or nothing."""
        with self._explained():
            if len(statements) == 1:  # is a transaction by itself
                self._run(*statements[0])
                return
            self._run("BEGIN")
            try:
                for statement in statements:
                    self._run(*statement)
                self._run("COMMIT")
            finally:
                if self._connection.in_transaction:
                    self._run("ROLLBACK")

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        """Makes one sentence for a person of whatever goes wrong."""
        try:
            yield
        except OSError as error:
            raise self._useless(error.strerror or str(error)) from None
        except sqlite3.Error as error:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the rest of it is details
            if code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
                raise self._damaged(str(error)) from None
            if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
                raise StateUnusable(
                    f"The state file {self._path} is in use; end the other program, or the other"
                    " room of this one, or give another file."
                ) from None
            raise self._useless(str(error)) from None

    def _damaged(self, why: str) -> StateUnusable:
        why = " ".join(why.split())
        return StateUnusable(
            f"The state file {self._path} is damaged ({why}); move it away to begin anew,"
            " or put back a copy."
        )

    def _useless(self, why: str) -> StateUnusable:
        return StateUnusable(
            f"The state file {self._path} cannot be used ({why}); see to that, or give another."
        )


def _positions(places: Mapping[Log, Place]) -> Iterator[tuple[str, _Values]]:
    for log, place in places.items():
        yield _SET_POSITION, (log, place.epoch, place.after)


def _make(path: Path) -> None:
    """Makes an empty file that only its owner can read, unless there is one.

    One that is there is not opened: closing it would give up the locks that this process has on it.
    """
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
