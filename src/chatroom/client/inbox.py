"""The messages that have come and not been read yet."""

import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from chatroom.client.errors import ChatroomError, ReaderTooSlow, RequestTimeout
from chatroom.client.events import Message

PATIENCE_SECONDS = 1.0
"""How long the listening thread waits for a reader that takes nothing at all."""

LONGEST_WAIT_SECONDS = 10.0
"""How long it waits for one that takes too little."""


class Inbox:
    """A bounded queue from the listening thread to any number of reading threads.

    When it is full the listening thread waits for the readers and so makes the server wait. It does
    not wait long, and not while somebody waits for an answer of the server: then further messages
    are left to the server, until the readers have taken all that is here.

    Args:
        limit: How many messages are kept.
        lossy: Whether the oldest messages give way instead, as they can never be got again; the
            next read says how many, once.
    """

    def __init__(self, limit: int, *, lossy: bool = False) -> None:
        self._limit = limit
        self._enough = limit - max(1, limit // 8)  # with so many the waiting for room ends
        self._lossy = lossy
        self._lock = threading.Lock()  # guards all below
        self._filled = threading.Condition(self._lock)
        self._room = threading.Condition(self._lock)
        self._messages: deque[Message] = deque()
        self._skipped = 0  # dropped since the last read
        self._askers = 0  # threads that wait for an answer of the server
        self._waiting = False  # whether the listening thread waits for room
        self._emptied: Callable[[], None] | None = None  # called when all has been taken
        self._end: Callable[[], ChatroomError] | None = None  # what a read raises at the end

    # What the listening thread calls.

    @property
    def space(self) -> int:
        """How many messages can be put."""
        return sys.maxsize if self._lossy else self._limit - len(self._messages)

    def put(self, batch: Sequence[Message]) -> None:
        """Adds what came in one go, no more than `space`; one lock operation for all of it."""
        with self._lock:
            if self._end is not None:
                return
            self._messages.extend(batch)
            surplus = len(self._messages) - self._limit
            if surplus > 0:
                self._skipped += surplus
                for _ in range(surplus):
                    self._messages.popleft()
            self._filled.notify(len(batch))

    def wait_for_space(self, emptied: Callable[[], None]) -> int:
        """Waits until an eighth is free, as long as that is worth it; returns the new `space`.

        Args:
            emptied: Called once, in a reading thread, when all messages have been taken; only if 0
                is returned.
        """
        deadline = time.monotonic() + LONGEST_WAIT_SECONDS
        with self._lock:
            self._waiting = True
            while self._short and not self._askers:
                before = len(self._messages)
                in_time = self._room.wait(PATIENCE_SECONDS)
                if time.monotonic() >= deadline or not (in_time or len(self._messages) < before):
                    break
            self._waiting = False
            space = self._limit - len(self._messages)
            if self._short and not (self._askers and space):
                self._emptied = emptied
                return 0
            return space

    @property
    def _short(self) -> bool:
        """Whether there is too little room; the caller holds the lock."""
        return len(self._messages) > self._enough and self._end is None

    def forget_callback(self) -> None:
        """Lets nobody be told any more that all has been taken."""
        with self._lock:
            self._emptied = None

    def end(self, error: Callable[[], ChatroomError], *, discard: bool) -> None:
        """Ends the queue; waiting readers wake. A later end replaces an earlier one.

        Any thread may call it.

        Args:
            error: Makes what every read raises from then on.
            discard: Whether to drop what has not been read, instead of giving it out first.
        """
        with self._lock:
            self._end = error
            self._emptied = None
            if discard:
                self._messages.clear()
                self._skipped = 0
            self._filled.notify_all()
            self._room.notify_all()

    # What other threads call.

    @contextmanager
    def hurry(self) -> Iterator[None]:
        """Keeps the listening thread from waiting for readers, while one waits for an answer."""
        with self._lock:
            self._askers += 1
            self._room.notify_all()
        try:
            yield
        finally:
            with self._lock:
                self._askers -= 1

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
        with self._lock:
            while not self._messages or self._skipped:
                if self._skipped:
                    skipped, self._skipped = self._skipped, 0
                    raise ReaderTooSlow(skipped)
                if self._end is not None:
                    raise self._end()
                self._wait(timeout, deadline)
            message = self._messages.popleft()
            if self._waiting and len(self._messages) <= self._enough:
                self._room.notify()
            emptied = None
            if not self._messages:
                emptied, self._emptied = self._emptied, None
        if emptied is not None:
            emptied()
        return message

    def _wait(self, timeout: float | None, deadline: float | None) -> None:
        if deadline is None:
            self._filled.wait()
            return
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            raise RequestTimeout(f"Nobody said anything for {timeout:g} seconds.")
        self._filled.wait(remaining)
