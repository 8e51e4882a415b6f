"""The messages that have come and not been read yet."""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence

from chatroom.client.errors import ChatroomError, ReaderTooSlow, RequestTimeout
from chatroom.client.events import Message


class Inbox:
    """A bounded queue from the listening thread to any number of reading threads.

    When it is full the oldest messages give way, as the newest are what a reader who comes late
    most likely wants; the next read says how many, once.

    Args:
        limit: How many messages are kept.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._changed = threading.Condition(threading.Lock())  # guards all below
        self._messages: deque[Message] = deque()
        self._skipped = 0  # dropped since the last read
        self._end: Callable[[], ChatroomError] | None = None  # what a read raises at the end

    def put(self, batch: Sequence[Message]) -> None:
        """Adds what came in one go; one lock operation however many they are."""
        with self._changed:
            if self._end is not None:
                return
            self._messages.extend(batch)
            surplus = len(self._messages) - self._limit
            if surplus > 0:
                self._skipped += surplus
                for _ in range(surplus):
                    self._messages.popleft()
            self._changed.notify(len(batch))

    def get(self, timeout: float | None) -> Message:
        """Returns the oldest message, waiting for one.

        Args:
            timeout: Seconds to wait; None waits for ever.

        Raises:
            ReaderTooSlow: Messages were dropped since the last read.
            RequestTimeout: None came in time.
            ChatroomError: The end, as given to `end()`.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        with self._changed:
            while True:
                if self._skipped:
                    skipped, self._skipped = self._skipped, 0
                    raise ReaderTooSlow(skipped)
                if self._messages:
                    return self._messages.popleft()
                if self._end is not None:
                    raise self._end()
                self._wait(timeout, deadline)

    def _wait(self, timeout: float | None, deadline: float | None) -> None:
        if deadline is None:
            self._changed.wait()
            return
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            raise RequestTimeout(f"Nobody said anything for {timeout:g} seconds.")
        self._changed.wait(remaining)

    def end(self, error: Callable[[], ChatroomError], *, discard: bool) -> None:
        """Ends the queue; waiting readers wake. A later end replaces an earlier one.

        Args:
            error: Makes what every read raises from then on.
            discard: Whether to drop what has not been read, instead of giving it out first.
        """
        with self._changed:
            self._end = error
            if discard:
                self._messages.clear()
                self._skipped = 0
            self._changed.notify_all()
