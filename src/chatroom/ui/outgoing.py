"""What the person has said: whether it is confirmed, and whether it has been shown."""

import threading
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

QUICK = 0.2
"""Seconds within which a confirmation usually comes. A message that waits no longer is not shown as
pending, as it would only flicker."""

TOLD = 10_000
"""How many places of own messages are remembered, as many as a client may leave unconfirmed."""

Place = tuple[bool, str, int]
"""Where a message stands: whether in the inbox, the epoch, and the place in that log."""


class Sent(NamedTuple):
    """A message on its way."""

    number: int
    """Its place in the order of sending."""
    text: str
    to: str | None
    """The recipient of a direct message, as registered if that is known."""
    since: float
    """When it was sent, by the clock of its `Outgoing`."""


class Outgoing:
    """Keeps the messages that are pending, in the order of sending. Any thread may use it.

    The room bounds how many there are, as it takes no more when too many are unconfirmed.

    An own message comes twice if it is to oneself or if it was sent before a break and confirmed
    after it: as a confirmation and as an entry, in either order. `told_before` tells the second.

    Args:
        clock: seconds since whenever.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()  # guards the three below
        self._count = 0  # messages ever sent
        self._pending: dict[int, Sent] = {}
        self._told: dict[Place, None] = {}  # in the order in which they were told

    def add(self, text: str, to: str | None) -> Sent:
        """Takes in a message that is about to be sent."""
        with self._lock:
            self._count += 1
            sent = self._pending[self._count] = Sent(self._count, text, to, self._clock())
        return sent

    def remove(self, sent: Sent) -> None:
        """Takes out a message that is pending no more, whatever became of it."""
        with self._lock:
            self._pending.pop(sent.number, None)

    def pending(self, *, at_once: bool) -> Sequence[Sent]:
        """Returns the messages that are to be shown as pending.

        Args:
            at_once: whether also those that were sent only a moment ago.
        """
        now = self._clock()
        with self._lock:
            return [sent for sent in self._pending.values() if at_once or _wait(sent, now) <= 0]

    def next_due(self) -> float | None:
        """Returns the seconds until another message is to be shown as pending, if there is one."""
        now = self._clock()
        with self._lock:
            waits = [_wait(sent, now) for sent in self._pending.values()]
        return min((wait for wait in waits if wait > 0), default=None)

    def told_before(self, place: Place) -> bool:
        """Returns whether the message at this place was told once; asking is telling it."""
        with self._lock:
            if place in self._told:
                del self._told[place]
                return True
            self._told[place] = None
            if len(self._told) > TOLD:
                del self._told[next(iter(self._told))]
        return False


def _wait(sent: Sent, now: float) -> float:
    """Returns the seconds until a message is no longer quick."""
    return sent.since + QUICK - now
