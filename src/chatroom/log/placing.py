"""Files that take their place as a whole: complete and on the disk, or not at all."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chatroom.log.base import StoreError

SIDES = ("-wal", "-shm", "-journal")
"""What the names of the files end in that SQLite puts beside a database."""


@contextmanager
def placed(path: Path) -> Iterator[Path]:
    """Yield the path of an empty file beside `path`, which takes its place in the end.

    It can be read by its owner alone. When the body of the `with` fails it is removed, and what is
    at `path` stays. A process that is killed meanwhile leaves a file behind whose name ends in
    `.part`, which nothing needs.

    Raises:
        StoreError: it cannot be made, synced or put into its place.
    """
    with _told(path):
        descriptor, name = tempfile.mkstemp(".part", f".{path.name}.", path.parent)
        os.close(descriptor)
    part = Path(name)
    try:
        yield part
        with _told(path):
            sync(part)
            part.replace(path)
            sync(path.parent)
    except BaseException:
        for end in ("", *SIDES):
            beside(part, end).unlink(missing_ok=True)
        raise


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"{path} cannot be written: {error.strerror}; choose a path that you may write to."
        ) from error


def beside(path: Path, end: str) -> Path:
    """Return the path that has `end` behind the name."""
    return path.with_name(path.name + end)


def make_folder(folder: Path) -> None:
    """Make `folder` and those that lead to it, so that a power failure takes none of them away.

    Raises:
        OSError: they cannot be made.
    """
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for path in missing:
        sync(path.parent)


def sync(path: Path) -> None:
    """Wait until the file at `path`, or the names of what is in that folder, are on the disk.

    Raises:
        OSError: they cannot be written.
    """
    opened = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
