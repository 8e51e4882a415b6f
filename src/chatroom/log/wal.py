"""The write-ahead log that an unclean stop leaves behind, and whether all of it can be read.

SQLite reads it up to the first frame whose checksum is wrong, and takes what follows for a write
that the stop cut off. So damage in the middle would silently take away commits that were confirmed.
It shows: a commit is begun only when the one before it is synced, so behind the frames that can be
read there may be those of one commit, but never of two. Of one commit only the last frame is
marked as its end, and it has each page once, since nothing is written before it is complete
(`PRAGMA cache_spill` is off).

The format is described at https://www.sqlite.org/fileformat2.html#the_write_ahead_log.
"""

import os
import sqlite3
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from chatroom.log.connections import primary_code
from chatroom.log.sealing import Damaged

_HEADER_BYTES = 32
_FRAME_HEADER_BYTES = 24
_SALTS = slice(16, 24)  # in the header; a log that is begun anew has others
_MAGIC = {0x377F0682: "<6I", 0x377F0683: ">6I"}  # by byte order of the checksums


class _Frame(NamedTuple):
    """A page as a commit wrote it."""

    page: int
    ends_commit: bool
    salts: bytes
    """Those in the header, unless it is left over from before the log was begun anew."""


def beside(path: Path) -> Path:
    """Return where the write-ahead log of the file at `path` is."""
    return path.with_name(path.name + "-wal")


def is_left(path: Path) -> bool:
    """Say whether there is one, as after an unclean stop. To be asked before the file is opened.

    Raises:
        Damaged: SQLite would take the file for a new one, and it is none.
    """
    length, left = _size(path), _size(beside(path)) > 0
    if left and not length:  # SQLite would throw the log away
        raise Damaged(f"it is missing or empty, but {beside(path).name} is not")
    if length == 1:  # as SQLite makes a new one on some file systems
        raise Damaged("it was cut off")
    return left


def settle(connection: sqlite3.Connection, path: Path) -> None:
    """Write the log that was left back into the file, synced, and see whether it is whole.

    What is in it may not have been synced before the stop; whoever reads it must find it again.

    Args:
        connection: to the file, with nothing written yet.
        path: the file.

    Raises:
        Damaged: commits in it cannot be read.
    """
    try:
        _, frames, _ = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
    except sqlite3.Error as error:
        if primary_code(error) == sqlite3.SQLITE_FULL:
            return  # it can be read where it is
        raise
    (page_bytes,) = connection.execute("PRAGMA page_size").fetchone()
    if _lost_commits(beside(path), max(0, frames), page_bytes):
        raise Damaged("its write-ahead log is damaged, and messages that were confirmed are lost")


def _lost_commits(log: Path, frames: int, page_bytes: int) -> bool:
    """Say whether there are commits behind the first `frames` that cannot have been cut off."""
    with log.open("rb") as file:
        header = file.read(_HEADER_BYTES)
        file.seek(_HEADER_BYTES + frames * (_FRAME_HEADER_BYTES + page_bytes))
        behind = list(_frames(file, page_bytes))
    if not _is_whole(header):  # which is synced before there is any frame
        return any(frame.ends_commit for frame in behind)
    behind = [frame for frame in behind if frame.salts == header[_SALTS]]
    while behind and not behind[-1].ends_commit:
        behind.pop()
    ends = sum(frame.ends_commit for frame in behind)
    return ends > 1 or len({frame.page for frame in behind}) < len(behind)


def _frames(file: BinaryIO, page_bytes: int) -> Iterator[_Frame]:
    """Yield the frames from where `file` is."""
    while len(header := file.read(_FRAME_HEADER_BYTES)) == _FRAME_HEADER_BYTES:
        page, end, salts, _ = struct.unpack(">II8s8s", header)
        yield _Frame(page, end != 0, salts)
        file.seek(page_bytes, os.SEEK_CUR)


def _is_whole(header: bytes) -> bool:
    """Say whether the checksum of `header` is right."""
    if len(header) < _HEADER_BYTES:
        return False
    words = _MAGIC.get(int.from_bytes(header[:4]))
    if words is None:
        return False
    one = other = 0
    numbers = struct.unpack(words, header[:24])
    for even, odd in zip(numbers[::2], numbers[1::2], strict=True):
        one = (one + even + other) & 0xFFFFFFFF
        other = (other + odd + one) & 0xFFFFFFFF
    return (one, other) == struct.unpack(">2I", header[24:32])


def _size(path: Path) -> int:
    """Return the length of the file at `path` in bytes, 0 if there is none."""
    try:
        return path.stat().st_size
    except OSError:
        return 0
