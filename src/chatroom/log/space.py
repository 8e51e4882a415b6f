"""How much room the disk of a store has, and how much a commit may take of it."""

import os
from collections.abc import Iterable
from pathlib import Path

from chatroom.log.base import Change, Draft

ENOUGH = 1024 * 1024
"""How many bytes are to be free until a disk that was full counts as having room again: enough for
a hundred messages, so that the next one does not end that."""

_CHANGE_BYTES = 8192  # two pages: one of a table and one of an index, both written anew


def free(path: Path) -> int:
    """Return how many bytes can still be written to the file system of `path`.

    Raises:
        OSError: the system does not say.
    """
    system = os.statvfs(path)
    return system.f_bavail * system.f_frsize


def taken(changes: Iterable[Change]) -> int:
    """Return how many bytes of disk `changes` take at most, for all that usually happens."""
    return sum(_CHANGE_BYTES + _bytes(change) for change in changes)


def _bytes(change: Change) -> int:
    """Return what the text in `change` may take."""
    if not isinstance(change, Draft):
        return 0
    return len(change.text) if change.text.isascii() else 4 * len(change.text)
