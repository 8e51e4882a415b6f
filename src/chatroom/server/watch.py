"""Looks after many idle connections while hardly ever waking up.

A timer for each connection would wake a thread for each. Here all that are to be looked at within
the same second or so share one timer, and whoever said something meanwhile is only put off.
"""

import math
import threading
import time
from functools import partial
from typing import Protocol

from chatroom.server.timers import Timers


class Watched(Protocol):
    """Something that is looked at now and then."""

    def look(self) -> float | None:
        """See to it; return in how many seconds to look again, None for never. It cannot block."""


class Watch:
    """Looks at things when they say, in the timers' thread. Any thread may call any method.

    Args:
        timers: where the wait takes place.
        grain: all that are due within so many seconds are looked at together.
    """

    def __init__(self, timers: Timers, grain: float) -> None:
        self._timers = timers
        self._grain = grain
        self._lock = threading.Lock()  # guards the two below; nothing blocks under it
        self._due: dict[int, dict[Watched, None]] = {}  # by the number of the grain
        self._slots: dict[Watched, int] = {}  # where each of them is

    def add(self, watched: Watched, seconds: float) -> None:
        """Look at something in `seconds`, or up to a grain later."""
        now = time.monotonic()
        slot = math.ceil((now + seconds) / self._grain)
        with self._lock:
            first = slot not in self._due
            self._due.setdefault(slot, {})[watched] = None
            self._slots[watched] = slot
        if first:
            self._timers.after(slot * self._grain - now, partial(self._look, slot))

    def forget(self, watched: Watched) -> None:
        """Look at something no more; it is being looked at just now, perhaps."""
        with self._lock:
            slot = self._slots.pop(watched, None)
            if slot is not None:
                self._due[slot].pop(watched, None)

    def _look(self, slot: int) -> None:
        with self._lock:
            due = self._due.pop(slot)
            for watched in due:
                del self._slots[watched]
        for watched in due:
            seconds = watched.look()
            if seconds is not None:
                self.add(watched, seconds)
