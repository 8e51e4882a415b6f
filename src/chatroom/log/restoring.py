"""Going back to a backup, so that clients notice it and nothing that was there is lost.

The restored logs are new incarnations, for a place behind the end of the backup will mean something
else than it did. Each remembers what it has in common with the earlier ones.

At every moment the old data or the new are there and complete: the old ones get a second name, then
they are made one file, without a write-ahead log, and then the new file takes their first name, in
one step. Only data that are too damaged for the second step cannot be opened between the second
and the third; they are complete under their second name.
"""

import contextlib
import itertools
import os
import shutil
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from chatroom.log.base import StoreError, new_epoch
from chatroom.log.connections import connect, disk_is_full, explained, primary_code
from chatroom.log.copying import copy
from chatroom.log.lineage import known, merged
from chatroom.log.lock import StoreLock
from chatroom.log.placing import SIDES, beside, make_folder, placed, sync
from chatroom.log.reading import open_for_reading
from chatroom.log.verifying import Report

_TIME = "%Y%m%dT%H%M%SZ"


class Restored(msgspec.Struct, frozen=True):
    """What was done."""

    report: Report
    """What the data hold now."""
    kept: Path | None
    """Where the data are that were there before, None if there were none."""


def restore(source: Path, data: Path, clock: Callable[[], float] = time.time) -> Restored:
    """Put a copy of the backup at `source` in the place of the store at `data`.

    Args:
        source: the backup; it is looked through first, and only read.
        data: the database file of a server that does not run.
        clock: seconds since 1970, for the name under which the old data are kept.

    Raises:
        Faulty: the backup has faults; nothing was changed.
        StoreError: the backup cannot be read, the data not be written, or a server uses them.
    """
    _check(source, data)
    with contextlib.ExitStack() as stack:
        stack.callback(StoreLock(data).release)
        part = stack.enter_context(placed(data))
        report = copy(source, part, data)
        _renew(part, data)
        _give_to_the_owner(part, data)
        return Restored(report, _put_aside(data, clock()))


def _check(source: Path, data: Path) -> None:
    """See whether there may be data, and not the backup itself; make the folder for them."""
    if not source.exists():
        raise StoreError(f"There is no file {source}.")
    if data.exists() and source.samefile(data):
        raise StoreError(f"{source} is the data themselves; name a backup.")
    if data.exists() and not data.is_file():
        raise StoreError(f"{data} is no file; choose another --data.")
    try:
        make_folder(data.parent)
    except OSError as error:
        raise StoreError(f"{data.parent} cannot be made: {error.strerror}.") from error


def _renew(part: Path, data: Path) -> None:
    """Make the logs new incarnations, which know what they have in common with the earlier ones.

    Sessions are ended: some of those in a backup were ended since then.
    """
    earlier = _known(data)
    with explained(data), contextlib.closing(connect(part)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        for log, own in known(connection).items():
            connection.execute("UPDATE logs SET epoch = ? WHERE number = ?", (new_epoch(), log))
            lineage = merged(own, earlier.get(log, {}))
            connection.executemany(
                "INSERT OR REPLACE INTO lineage VALUES (?, ?, ?)",
                [(log, epoch, last) for epoch, last in lineage.items()],
            )
        connection.execute("DELETE FROM sessions")
        connection.execute("COMMIT")


def _known(data: Path) -> dict[int, dict[str, int]]:
    """Return what the logs know that are to be replaced; nothing where they cannot be read."""
    with (
        contextlib.suppress(StoreError),
        open_for_reading(data) as connection,
        explained(data),
    ):
        return known(connection)
    return {}


def _give_to_the_owner(part: Path, data: Path) -> None:
    """Let the server open what the super-user restores for it."""
    owner = (data if data.exists() else data.parent).stat()
    with contextlib.suppress(PermissionError):  # then it is the owner's own, or to be so
        os.chown(part, owner.st_uid, owner.st_gid)


def _put_aside(data: Path, now: float) -> Path | None:
    """Give what is at `data` a second name, so that a new file can take its place.

    Raises:
        StoreError: it cannot be done; nothing has changed.
    """
    ends = [end for end in ("", "-wal", "-journal") if beside(data, end).exists()]
    name = f"{data.name}.before-restore-{time.strftime(_TIME, time.gmtime(now))}"
    kept = _free(data.with_name(name))
    try:
        for end in ends:
            _link(beside(data, end), beside(kept, end))
        sync(data.parent)
        if data.exists():
            _fold(data)
        for end in SIDES:  # what belongs to the old file must not stand beside the new one
            beside(data, end).unlink(missing_ok=True)
        sync(data.parent)
    except BaseException as error:
        for end in ends:
            beside(kept, end).unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise StoreError(f"{data} cannot be put aside: {error.strerror}.") from error
        raise
    return kept if ends else None


def _fold(data: Path) -> None:
    """Write the write-ahead log back into the file, if the file is not too damaged for that.

    What is in the log does no harm when it is read once more, so a second name for it may stay.

    Raises:
        StoreError: another program is in the way, or the disk is full.
    """
    busy = False
    try:
        with contextlib.closing(connect(data)) as connection:
            busy, *_ = connection.execute("PRAGMA wal_checkpoint(FULL)").fetchone()
    except sqlite3.Error as error:
        if primary_code(error) == sqlite3.SQLITE_FULL:
            raise disk_is_full(data) from error
    except UnicodeDecodeError:  # SQLite's own message quotes what is damaged
        pass
    if busy:
        raise StoreError(f"Another program is reading {data}; try again when it has ended.")


def _free(path: Path) -> Path:
    """Return `path`, or where that is taken the same with a number behind it."""
    numbers = itertools.count(2)
    free = path
    while free.exists():
        free = path.with_name(f"{path.name}-{next(numbers)}")
    return free


def _link(path: Path, name: Path) -> None:
    """Give a file a second name; a copy of it, where the file system allows no second names."""
    try:
        name.hardlink_to(path)
    except OSError:
        with placed(name) as part:
            shutil.copyfile(path, part)
