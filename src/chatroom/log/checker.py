"""A look through the whole file after an unclean stop, behind the talk."""

import logging
import threading
from pathlib import Path

from chatroom.log.base import StoreError
from chatroom.log.connections import RESTORE, connect, explained

_CHECK = "PRAGMA quick_check(1)"
_INSTRUCTIONS = 100_000  # of SQLite's machine, between two looks whether to stop

_log = logging.getLogger(__name__)


class Checker:
    """Reads every page of a store once, in a thread named `checker`, and logs what it found.

    It holds nobody up: it reads as it was at the beginning what is written meanwhile.

    Args:
        path: the file, which is open.

    Raises:
        StoreError: it cannot be opened once more.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._is_stopping = False
        with explained(path):
            self._connection = connect(path)
            self._connection.execute("PRAGMA query_only = ON")
            self._connection.set_progress_handler(lambda: self._is_stopping, _INSTRUCTIONS)
        self._thread = threading.Thread(target=self._run, name="checker", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """End at once, whether all was looked through or not."""
        self._is_stopping = True
        self._connection.interrupt()
        self._thread.join()
        self._connection.close()

    def _run(self) -> None:
        try:
            with explained(self._path):
                (found,) = self._connection.execute(_CHECK).fetchone()
        except StoreError as error:
            if not self._is_stopping:
                _log.error("After an unclean stop not all of the data can be read: %s", error)
            return
        if found == "ok":
            _log.info(
                "After an unclean stop all of %s was looked through: it is sound.", self._path
            )
        else:
            what = " ".join(found.split())
            _log.error("After an unclean stop %s is damaged (%s); %s.", self._path, what, RESTORE)
