"""The file in which one life of a client is written down, one record a line."""

import os
from collections.abc import Iterator
from pathlib import Path

import msgspec

from chatroom.selftest.records import Record

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Record).decode


class JournalError(Exception):
    """A journal cannot be read. The text is a sentence that names the file."""


class Journal:
    """Writes records down as they come. Any thread may add one.

    Each record is one `write` at the end of the file, so it is with the kernel before anything
    follows from it, and SIGKILL does not take it back.

    Args:
        path: The file; made if it is missing.
    """

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def add(self, record: Record) -> None:
        """Writes one record down."""
        os.write(self._file, _encode(record) + b"\n")

    def close(self) -> None:
        """Gives the file up."""
        os.close(self._file)


def read_journal(path: Path) -> Iterator[Record]:
    """Yields the records of a life.

    A line that has no end is left out: SIGKILL can cut a `write` short, and then nothing followed
    from it.

    Raises:
        JournalError: A line makes no sense.
    """
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.endswith(b"\n"):
                return
            try:
                yield _decode(line)
            except msgspec.DecodeError as error:
                raise JournalError(f"{path}, line {number}: {error}.") from None
