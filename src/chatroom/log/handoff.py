"""How work gets from many threads to the one that does it."""

import threading
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

Item = TypeVar("Item")


class HandoffClosed(Exception):
    """Nothing can be put any more: whoever took has stopped."""


class Handoff(Generic[Item]):
    """A bounded queue whose one taker takes everything at once.

    What gathers while the taker is busy costs it one wake-up together. Order is kept.

    Args:
        bound: how many items wait at most, give or take one `put`; `put` then waits for room.
        on_filled: called by the putting thread, outside the lock, when the queue was empty
            before and nobody waits in `take`; for a taker that waits for other things too. It must
            not block.
    """

    def __init__(self, bound: int, on_filled: Callable[[], None] | None = None) -> None:
        self._bound = bound
        self._on_filled = on_filled
        self._lock = threading.Lock()  # guards the rest; nothing blocks under it
        self._room = threading.Condition(self._lock)
        # Released for a taker that waits. There is but one, so this does for it what a condition
        # would, in a third of the time; it is woken up for every commit and every round.
        self._filled = threading.Lock()
        self._filled.acquire()
        self._waiting = False
        self._items: list[Item] = []
        self.closed = False
        """Whether nothing can be put any more. Any thread may ask."""

    def put(self, items: Iterable[Item], *, wait: bool = True) -> None:
        """Add `items`, together and in order. Any thread may call it.

        Args:
            items: what is to be done.
            wait: whether to wait while the queue is full. Only for the few items that the server
                itself has a bounded number of may this be left out.

        Raises:
            HandoffClosed: `close` was called; nothing was added.
        """
        with self._lock:
            while wait and len(self._items) >= self._bound and not self.closed:
                self._room.wait()
            if self.closed:
                raise HandoffClosed
            was_empty = not self._items
            self._items.extend(items)
            filled = was_empty and bool(self._items)
            woken = filled and self._wake()
        if filled and not woken and self._on_filled is not None:
            self._on_filled()

    def _wake(self) -> bool:
        """Wake the taker, if it waits; return whether it did. The caller holds the lock."""
        waiting, self._waiting = self._waiting, False
        if waiting:
            self._filled.release()
        return waiting

    def take(self, timeout: float | None = None) -> list[Item]:
        """Wait until there is something and return all of it; the empty list once closed.

        Args:
            timeout: how long to wait, in seconds; None for ever.

        Raises:
            TimeoutError: nothing came in time.
        """
        with self._lock:
            if self._items or self.closed:
                return self._take()
            self._waiting = True
            self._filled.acquire(blocking=False)  # it was released at the end of an earlier wait
        self._filled.acquire(timeout=-1 if timeout is None else timeout)
        with self._lock:
            if self._waiting:
                self._waiting = False
                raise TimeoutError
            return self._take()

    def poll(self) -> list[Item]:
        """Return all that is there, without waiting."""
        with self._lock:
            return self._take()

    def _take(self) -> list[Item]:
        items, self._items = self._items, []
        if len(items) >= self._bound:
            self._room.notify_all()
        return items

    def close(self) -> None:
        """Refuse what comes from now on; what is there can still be taken."""
        with self._lock:
            self.closed = True
            self._wake()
            self._room.notify_all()
