"""How much room the disk of a store has, and how much a commit may take of it."""

import os
from collections.abc import Sequence
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


def taken(changes: Sequence[Change]) -> int:
    """Return how many bytes of disk `changes` take at most, for all that usually happens."""
    return len(changes) * _CHANGE_BYTES + sum(
        [
            len(change.text) if change.text.isascii() else 4 * len(change.text)
            for change in changes
            if isinstance(change, Draft)
        ]
    )
