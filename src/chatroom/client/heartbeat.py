"""How long a line may be silent. The waiting itself is done where the line is read."""

import time
from collections.abc import Callable

from chatroom.client import wire
from chatroom.client.wire import LineBroken
from chatroom.protocol.frames import encode

PING = encode({"command": "ping"})
"""Asks for a sign of life; the answer belongs to no request."""

PONG = encode({"command": "pong"})
"""The sign of life that the server asked for."""


class Heartbeat:
    """The silence of one line. Belongs to the listening thread.

    The server asks first when nobody says anything. We wait a little longer than it does, so that
    only one side asks as long as both are well.

    Args:
        intervals: How long each side may be silent.
        clock: Seconds that only go forward.
    """

    def __init__(
        self, intervals: wire.Heartbeat, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock = clock
        self._limit = intervals.ping + intervals.answer
        self._ask = intervals.ping + min(intervals.ping, intervals.answer) / 5
        self._since = 0.0
        self._asked = False
        self.deadline = 0.0
        """Until when to wait for the server, by `time.monotonic()`."""
        self.hear()

    def hear(self) -> None:
        """The server has been heard, and what it said has been done: the silence begins anew."""
        self._since = self._clock()
        self._asked = False
        self.deadline = self._since + self._ask

    def ask(self) -> bytes:
        """The deadline has passed; returns what to send.

        Raises:
            LineBroken: The server has been silent for too long.
        """
        if self._asked:
            raise LineBroken(f"The server has said nothing for {self._limit:g} seconds.")
        self._asked = True
        self.deadline = self._since + self._limit
        return PING
