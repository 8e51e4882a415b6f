"""What a process did to the files below a folder, call by call, in one order."""

import os
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.needs import need_compiler
from tests.serving import DEADLINE, environment

SOURCE = Path(__file__).with_name("record.c")

_HEADER = struct.Struct("=IIQQQ")


class Made(NamedTuple):
    """A file or a folder that was not there before."""

    inode: int
    path: str
    folder: bool


class Written(NamedTuple):
    """Bytes at a place in a file."""

    inode: int
    offset: int
    data: bytes


class Truncated(NamedTuple):
    """A file got another length."""

    inode: int
    length: int


class Synced(NamedTuple):
    """A sync of a file or of a folder returned."""

    inode: int


class Removed(NamedTuple):
    """A name was taken away."""

    path: str


class Renamed(NamedTuple):
    """A name was changed; what had the new one is gone."""

    path: str
    new: str


class Linked(NamedTuple):
    """A file got a further name."""

    path: str
    new: str


class Sent(NamedTuple):
    """Bytes went to a socket."""

    descriptor: int
    data: bytes


Step = Made | Written | Truncated | Synced | Removed | Renamed | Linked | Sent


class Recorder:
    """Builds what is preloaded into a process, and reads what it recorded.

    Args:
        scratch: a folder of its own.
        watched: the folder whose files are looked at.
    """

    def __init__(self, scratch: Path, watched: Path) -> None:
        need_compiler()
        self._library = scratch / "record.so"
        self._record = scratch / "record"
        self._watched = watched.resolve()
        subprocess.run(
            ["gcc", "-shared", "-fPIC", "-O1", "-o", self._library, SOURCE, "-ldl", "-lpthread"],
            check=True,
        )

    @property
    def environment(self) -> dict[str, str]:
        """What a process is started with to be recorded."""
        return {
            "LD_PRELOAD": str(self._library),
            "RECORD_FOLDER": str(self._watched),
            "RECORD_TO": str(self._record),
        }

    def run(self, *words: str | Path) -> None:
        """Runs a module of Python to its good end, recorded."""
        subprocess.run(
            [sys.executable, "-m", *words],
            env=environment(self.environment),
            cwd=Path(__file__).parents[2],
            timeout=DEADLINE,
            check=True,
            stdout=subprocess.DEVNULL,
        )

    def steps(self) -> list[Step]:
        """Returns what the processes did, the last one included."""
        return list(_parse(self._record.read_bytes()))


def _parse(record: bytes) -> Iterator[Step]:
    at = 0
    while at < len(record):
        kind, path_bytes, inode, offset, data_bytes = _HEADER.unpack_from(record, at)
        at += _HEADER.size
        path = os.fsdecode(record[at : at + path_bytes])
        at += path_bytes
        data = record[at : at + data_bytes]
        at += data_bytes
        yield _step(chr(kind), path, inode, offset, data)


def _step(kind: str, path: str, inode: int, offset: int, data: bytes) -> Step:
    steps: dict[str, Step] = {
        "m": Made(inode, path, bool(offset)),
        "w": Written(inode, offset, data),
        "t": Truncated(inode, offset),
        "s": Synced(inode),
        "u": Removed(path),
        "r": Renamed(path, os.fsdecode(data)),
        "l": Linked(path, os.fsdecode(data)),
        "x": Sent(inode, data),
    }
    return steps[kind]
