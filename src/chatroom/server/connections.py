"""Which connections there are, and how many there may be."""

import threading
import time
from collections import Counter
from typing import Literal

from chatroom import cores
from chatroom.protocol.errors import ErrorCode, ProtocolError
from chatroom.server.connection import Connection
from chatroom.tcp import is_loopback, origin

PER_ADDRESS = 64
"""How many connections one address may have if nothing else is said. Many people may share one, and
each has a few at most. This machine may have as many as it likes: behind a relay everybody comes
from there."""


class Connections:
    """The open connections. Any thread may call any method.

    Args:
        limit: how many there may be at once, 0 for no limit.
        per_address: how many there may be from one address, as `tcp.origin` counts them, 0 for no
            limit; `auto` for `PER_ADDRESS`, and no limit for this machine.
    """

    def __init__(self, limit: int, per_address: int | Literal["auto"]) -> None:
        self._limit = limit
        self._per_address = per_address
        self._changed = threading.Condition()  # guards the two below
        self._open: set[Connection] = set()
        self._by_origin: Counter[str] = Counter()

    def check(self, address: str) -> None:
        """See whether one more may come from `address`.

        Raises:
            ProtocolError: `too_many_connections`.
        """
        from_, most = origin(address), self._most(address)
        with self._changed:
            if self._limit and len(self._open) >= self._limit:
                raise too_many("The server has as many connections as it takes; try again later.")
            if most and self._by_origin[from_] >= most:
                raise too_many(
                    f"{from_} has as many connections as one address may have; close one."
                )

    def _most(self, address: str) -> int:
        """Return how many `address` may have, 0 for no limit."""
        if self._per_address != "auto":
            return self._per_address
        return 0 if is_loopback(address) else PER_ADDRESS

    def add(self, connection: Connection) -> None:
        """Count `connection` in."""
        from_ = origin(connection.address)
        with self._changed:
            self._open.add(connection)
            self._by_origin[from_] += 1
            cores.take_turns(len(self._open))

    def remove(self, connection: Connection) -> None:
        """Count `connection` out."""
        from_ = origin(connection.address)
        with self._changed:
            self._open.discard(connection)
            self._by_origin[from_] -= 1
            if not self._by_origin[from_]:
                del self._by_origin[from_]
            cores.take_turns(len(self._open))
            self._changed.notify_all()

    def all(self) -> list[Connection]:
        """Return those that are open just now."""
        with self._changed:
            return list(self._open)

    def __len__(self) -> int:
        """Return how many are open."""
        with self._changed:
            return len(self._open)

    def wait_empty(self, seconds: float) -> bool:
        """Wait at most `seconds` until none is open; return whether that is so."""
        deadline = time.monotonic() + seconds
        with self._changed:
            return self._changed.wait_for(
                lambda: not self._open, max(0.0, deadline - time.monotonic())
            )


def too_many(sentence: str) -> ProtocolError:
    """Return the error for a connection that is one too many."""
    return ProtocolError(ErrorCode.TOO_MANY_CONNECTIONS, sentence)
