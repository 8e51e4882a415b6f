"""Entries that come as replay: what was said before one came, or while one was away."""

from heapq import merge
from operator import attrgetter

from chatroom.client.events import Message

GATHERED = 2000
"""How many entries are gathered before any is shown: the longest history of both logs. Of more,
as after days away, each is shown when it comes."""


class Backlog:
    """Puts the entries of both logs into the order of time; they come one log after the other.

    Within a log the order stays as it is, whatever its clock did. One thread at a time may use it.

    Args:
        expected: how many entries will come, over both logs.
        most: how many of them are wanted, the newest; None for all.
    """

    def __init__(self, expected: int, most: int | None = None) -> None:
        self._expected = expected
        self._gathering = expected <= GATHERED
        self._most = expected if most is None else most
        self._room: list[Message] = []
        self._inbox: list[Message] = []

    @property
    def complete(self) -> bool:
        """Whether all have come."""
        return self._expected <= 0

    def take(self, message: Message) -> list[Message]:
        """Takes the next entry in and returns what can be shown by now."""
        (self._inbox if message.private else self._room).append(message)
        self._expected -= 1
        return [] if self._gathering and not self.complete else self.rest()

    def rest(self) -> list[Message]:
        """Returns what has come and was not returned yet, as when nothing more will come."""
        merged = list(merge(self._room, self._inbox, key=attrgetter("ts")))
        self._room, self._inbox = [], []
        return merged[max(0, len(merged) - self._most) :]
