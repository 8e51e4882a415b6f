"""When the news of who is here goes out: soon, and not too often."""

import threading
import time
from collections.abc import Callable

from chatroom.server.timers import Timers

SETTLE_SECONDS = 0.02
"""How long the first news waits for others to go with it."""

_COST_PER_SECOND = 1_000_000
"""How many names may be sent in a second, over all connections: with a thousand users who all get a
list of a thousand names, one list a second; with ten, a hundred lists."""

LONGEST_WAIT_SECONDS = 5.0
"""How old the news may become, whatever it costs."""


class RosterNotices:
    """Coalesces changes of the roster. Any thread may call `changed`.

    Args:
        timers: where the wait takes place.
        size: returns how many users are here.
        send: sends the news; called in the timers' thread.
    """

    def __init__(self, timers: Timers, size: Callable[[], int], send: Callable[[], None]) -> None:
        self._timers = timers
        self._size = size
        self._send = send
        self._lock = threading.Lock()  # guards the two below
        self._due = False
        self._not_before = 0.0

    def changed(self) -> None:
        """See to it that everyone hears of the roster as it is now or later."""
        with self._lock:
            if self._due:
                return
            self._due = True
            wait = max(SETTLE_SECONDS, self._not_before - time.monotonic())
        self._timers.after(wait, self._fire)

    def _fire(self) -> None:
        with self._lock:
            self._due = False
            pause = min(self._size() ** 2 / _COST_PER_SECOND, LONGEST_WAIT_SECONDS)
            self._not_before = time.monotonic() + pause
        self._send()
