"""The servers whose own certificates somebody has trusted: the file `known_servers`.

Each line is a server, as `host:port`, and the fingerprint of its certificate. Lines are only ever
added here, each with one write to the end of the file and under a lock of the system's, so two
programs do not harm each other's. To take one out is for a person with an editor.
"""

import fcntl
import os
from pathlib import Path
from typing import NamedTuple

import platformdirs

from chatroom.client.address import Address
from chatroom.client.errors import NotTrusted
from chatroom.protocol.fingerprint import parse_fingerprint


class Known(NamedTuple):
    """A certificate that a server may show."""

    fingerprint: str
    line: int
    """Where that stands in the file, from 1."""


class KnownServers:
    """The file. For any number of threads and programs.

    Args:
        path: where it is; None for the place that the system has for the user's settings.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or platformdirs.user_config_path("chatroom") / "known_servers"
        """Where it is. It need not be there."""

    def find(self, address: Address) -> list[Known]:
        """Return what the server at `address` may show, nothing if it is not known.

        Raises:
            NotTrusted: the file cannot be read, or a line of it is damaged.
        """
        try:
            text = self.path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return []
        except (OSError, UnicodeDecodeError) as error:
            raise self._useless("read", error) from None
        wanted = _key(address)
        found = []
        for number, line in enumerate(text.splitlines(), 1):
            name, _, rest = line.strip().partition(" ")
            if not name or name.startswith("#") or name.lower() != wanted:
                continue
            fingerprint = parse_fingerprint(rest)
            if fingerprint is None:
                raise NotTrusted(
                    f"Line {number} of {self.path} has no fingerprint for {address};"
                    " put it right or remove it."
                )
            found.append(Known(fingerprint, number))
        return found

    def add(self, address: Address, fingerprint: str) -> None:
        """Keep that the server at `address` may show a certificate.

        Raises:
            NotTrusted: that cannot be written.
        """
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(
                self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600
            )
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                self._append(descriptor, f"{_key(address)} {fingerprint}\n")
            finally:
                os.close(descriptor)
        except OSError as error:
            raise self._useless("written", error) from None

    def _append(self, descriptor: int, line: str) -> None:
        """Write a line, behind a newline if whoever wrote before has left that out."""
        size = os.fstat(descriptor).st_size
        unended = size and os.pread(descriptor, 1, size - 1) != b"\n"
        os.write(descriptor, (("\n" if unended else "") + line).encode())
        os.fsync(descriptor)

    def _useless(self, what: str, error: OSError | UnicodeDecodeError) -> NotTrusted:
        why = getattr(error, "strerror", None) or "it is not UTF-8 text"
        return NotTrusted(f"{self.path} cannot be {what} ({why}); see to that and try again.")


def _key(address: Address) -> str:
    """Return what a server is called in the file."""
    return f"{address}".lower()
