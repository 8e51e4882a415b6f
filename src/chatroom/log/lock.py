"""At most one process writes a store: a lock on a file beside it, which the kernel lets go of."""

import fcntl
import os
from pathlib import Path

from chatroom.log.base import StoreError


class StoreLock:
    """Holds the store at `path` for this process until `release`, or until the process ends.

    The lock stands on a file of its own: closing any descriptor of the database itself would drop
    the locks that SQLite holds on it.

    Args:
        path: the database file.

    Raises:
        StoreError: another process has it, or the lock file cannot be made.
    """

    def __init__(self, path: Path) -> None:
        lock = path.with_name(path.name + ".lock")
        try:
            self._file = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreError(f"{lock} cannot be made: {error.strerror}.") from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._file)
            raise StoreError(
                f"{path} is in use by another chatroom; stop that one or choose another --data."
            ) from error

    def release(self) -> None:
        """Let another process have the store."""
        os.close(self._file)
