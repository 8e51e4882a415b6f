"""Lines from a file descriptor, until its end or until another thread says stop."""

import os
import select
from collections.abc import Iterator
from types import TracebackType
from typing import Self

MAX_LINE = 65_536
"""The longest line that is taken, in bytes; no frame that could carry it is longer."""

_CHUNK = 65_536


class BadLine(ValueError):
    """A line that cannot be taken. The text is a sentence for a person."""


class Lines:
    """Reads lines of UTF-8 from a descriptor. One thread iterates, any thread may call `stop`.

    Args:
        source: the descriptor; it is not closed.
    """

    def __init__(self, source: int) -> None:
        self._source = source
        self._stop_reader, self._stop_writer = os.pipe()
        self._number = 0  # of the line that was returned last, from 1

    def __enter__(self) -> Self:
        """Returns itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Closes what it opened itself."""
        os.close(self._stop_reader)
        os.close(self._stop_writer)

    def stop(self) -> None:
        """Ends the iteration, also while it waits for input. Not to be called after the end."""
        os.write(self._stop_writer, b"x")

    def __iter__(self) -> Iterator[str | BadLine]:
        """Yields each line without its newline, or what is wrong with it."""
        rest = b""
        while chunk := self._read():
            *whole, rest = (rest + chunk).split(b"\n")
            yield from map(self._text, whole)
            rest = rest[: MAX_LINE + 1]  # enough to know that it is too long
        if rest:
            yield self._text(rest)

    def _read(self) -> bytes:
        """Returns the next bytes, none at the end of the input or after `stop`."""
        ready, _, _ = select.select([self._source, self._stop_reader], [], [])
        return b"" if self._stop_reader in ready else os.read(self._source, _CHUNK)

    def _text(self, line: bytes) -> str | BadLine:
        self._number += 1
        if len(line) > MAX_LINE:
            return BadLine(f"Line {self._number} has more than {MAX_LINE} bytes; split it.")
        try:
            return line.decode()
        except UnicodeDecodeError:
            return BadLine(f"Line {self._number} is not UTF-8; convert it first.")
