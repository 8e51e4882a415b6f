"""From what a person says of the data to a store that is open and nobody else's."""

import contextlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import platformdirs

from chatroom.log.base import Store, StoreError
from chatroom.log.checker import Checker
from chatroom.log.lock import StoreLock
from chatroom.log.memory import MemoryStore
from chatroom.log.placing import make_folder
from chatroom.log.sqlite import SqliteStore

MEMORY = ":memory:"
"""The data that touch no disk."""

_DATABASE = "chatroom.db"


def locate(data: str) -> Path | None:
    """Return the database file that is meant by `data`, None for a room that is kept in memory.

    Args:
        data: a file, a folder that is to hold it, `:memory:`, or nothing for the place that the
            system has for the user's data.

    Raises:
        StoreError: it names the home of somebody who has none.
    """
    if data == MEMORY:
        return None
    if not data:
        return platformdirs.user_data_path("chatroom") / _DATABASE
    try:
        path = Path(data).expanduser().resolve()
    except RuntimeError as error:
        raise StoreError(f"{data} cannot be found: there is no such user.") from error
    return path / _DATABASE if path.is_dir() else path


@contextmanager
def open_store(path: Path | None, *, reserve: int = 0, check: bool = False) -> Iterator[Store]:
    """Yield the store in the file `path`, or in memory, which no other process uses meanwhile.

    A file that is made can be read by its owner alone: it holds direct messages and hashes.

    Args:
        path: the file, None for memory.
        reserve: how many bytes of the disk are to be left free.
        check: whether to look through all of the file while it is used, if whoever had it before
            did not close it.

    Raises:
        StoreError: it cannot be used, or another process uses it.
    """
    if path is None:
        yield MemoryStore()
        return
    with contextlib.ExitStack() as stack:
        try:
            make_folder(path.parent)
            stack.callback(StoreLock(path).release)
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        except OSError as error:
            raise StoreError(
                f"{path} cannot be opened: {error.strerror}; choose a path that you may write to."
            ) from error
        store = stack.enter_context(contextlib.closing(SqliteStore(path, reserve=reserve)))
        if check and store.was_left:
            checker = Checker(path)
            checker.start()
            stack.callback(checker.stop)
        yield store
