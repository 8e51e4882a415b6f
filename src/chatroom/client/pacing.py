"""What waits because the server has said that messages come too fast.

Once that has been said, messages go out carefully: few at a time, in the order in which they were
asked for, and none before the server would take the first of them. A server keeps back what comes
behind a message that it refused (docs/protocol.md#how-fast), so those that were on their way then
come back too, and all are stored in order. When nothing waits any more, all is as it was before.
"""

import heapq
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any

from chatroom.client.requests import Request

LONGEST_WAIT = 300.0
"""The longest time, in seconds, that a server can have us wait with a message."""

_SHORTEST_WAIT = 0.01

AnyRequest = Request[Any]


class Pacing:
    """The messages that wait for their turn. Whoever has it guards it.

    Args:
        unanswered: All requests by their ids; what is no longer there needs no turn.
    """

    def __init__(self, unanswered: Mapping[str, AnyRequest]) -> None:
        self._unanswered = unanswered
        self._waiting: list[tuple[int, AnyRequest]] = []  # a heap, by the order of asking
        self._flying: set[str] = set()  # the ids of those that are on their way
        self._together = 1  # how many may be on their way
        self._again_at = 0.0  # when the first of those that wait may go out
        self.careful = False
        """Whether messages have to take turns."""

    def refuse(self, request: AnyRequest, wait: float, now: float) -> None:
        """Have a message that came too fast go out again.

        Args:
            request: The message.
            wait: In how many seconds, as the server said.
            now: The time, by `time.monotonic()`.
        """
        self.careful = True
        self._flying.discard(request.id)
        self._together = 1
        first = self._first()
        if first is None or request.number < first.number:  # the others come behind it anyway
            self._again_at = now + min(max(wait, _SHORTEST_WAIT), LONGEST_WAIT)
        heapq.heappush(self._waiting, (request.number, request))

    def sort(self, unsent: Iterable[AnyRequest], now: float) -> "deque[AnyRequest]":
        """Return what may go out now, with all else waiting for its turn.

        Args:
            unsent: What is to go out.
            now: The time, by `time.monotonic()`.
        """
        ready: deque[AnyRequest] = deque()
        for request in unsent:
            if request.in_order and request.id not in self._flying:
                heapq.heappush(self._waiting, (request.number, request))
            else:
                ready.append(request)
        while self.ready_at <= now:
            _, request = heapq.heappop(self._waiting)
            self._flying.add(request.id)
            ready.append(request)
        return ready

    @property
    def ready_at(self) -> float:
        """When the next message may go out; infinity if none waits or others are to come first."""
        if len(self._flying) >= self._together or self._first() is None:
            return float("inf")
        return self._again_at

    def land(self, id: str) -> None:
        """Note that a request was answered, otherwise than by `rate_limited`, or given up."""
        if id in self._flying:
            self._flying.remove(id)
            self._together += 1
        if not self._flying and self._first() is None:
            self.careful, self._together = False, 1

    def rewind(self) -> None:
        """Begin with a new line: all go out again, as carefully, for the server may be the same."""
        self._waiting.clear()
        self._flying.clear()
        self._together = 1
        self._again_at = 0.0

    def _first(self) -> AnyRequest | None:
        """Return the first of those that wait."""
        while self._waiting and self._waiting[0][1].id not in self._unanswered:
            heapq.heappop(self._waiting)
        return self._waiting[0][1] if self._waiting else None
