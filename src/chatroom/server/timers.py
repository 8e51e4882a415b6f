"""Things that are to happen later, in one thread that sleeps until the next of them."""

import heapq
import itertools
import logging
import threading
import time
from collections.abc import Callable

_TIDY = 1024
"""How many timers there are at least before those are looked for that were cancelled."""

_log = logging.getLogger(__name__)


class Timer:
    """Something that is to happen once. `Timers.after` makes it."""

    def __init__(self, action: Callable[[], None]) -> None:
        self._action: Callable[[], None] | None = action
        self._lock = threading.Lock()  # one of fire and cancel gets the action

    @property
    def is_cancelled(self) -> bool:
        """Whether it happens no more."""
        return self._action is None

    def cancel(self) -> None:
        """See to it that it does not happen, unless it is happening already. From any thread."""
        with self._lock:
            self._action = None

    def fire(self) -> None:
        """Let it happen now, unless it was cancelled."""
        with self._lock:
            action, self._action = self._action, None
        if action is not None:
            action()


class Timers:
    """Runs actions at their time, in a thread named `timers`.

    An action must not block: the others wait for it. One that raises is logged.
    """

    def __init__(self) -> None:
        self._wake = threading.Condition()  # guards the rest; nothing blocks under it
        self._heap: list[tuple[float, int, Timer]] = []
        self._tidy_at = _TIDY  # how many of them are too many to keep those that were cancelled
        self._order = itertools.count()  # first come, first served at the same time
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="timers", daemon=True)

    def start(self) -> None:
        """Begin to let things happen."""
        self._thread.start()

    def after(self, seconds: float, action: Callable[[], None]) -> Timer:
        """Let `action` happen in `seconds`. From any thread; after `stop` it never happens."""
        timer = Timer(action)
        with self._wake:
            if len(self._heap) >= self._tidy_at:
                self._tidy()
            heapq.heappush(self._heap, (time.monotonic() + seconds, next(self._order), timer))
            if self._heap[0][2] is timer:
                self._wake.notify()
        return timer

    def _tidy(self) -> None:
        """Let go of what was cancelled, whose time may be far away. The caller holds the lock.

        Otherwise whoever connects and leaves again all the time would be remembered for as long as
        there is time to log in.
        """
        self._heap = [entry for entry in self._heap if not entry[2].is_cancelled]
        heapq.heapify(self._heap)
        self._tidy_at = max(_TIDY, 2 * len(self._heap))

    def stop(self) -> None:
        """Forget what has not happened and end the thread."""
        with self._wake:
            self._stopped = True
            self._wake.notify()
        self._thread.join()

    def _run(self) -> None:
        while (timer := self._next()) is not None:
            try:
                timer.fire()
            except Exception:  # noqa: BLE001  # one bad action must not end all others
                _log.exception("A timer's action failed; the others go on.")

    def _next(self) -> Timer | None:
        """Wait for the next timer that is due; None after `stop`.

        For those that were cancelled, as when somebody has logged in, nobody wakes up.
        """
        with self._wake:
            while not self._stopped:
                while self._heap and self._heap[0][2].is_cancelled:
                    heapq.heappop(self._heap)
                if not self._heap:
                    self._wake.wait()
                    continue
                wait = self._heap[0][0] - time.monotonic()
                if wait <= 0:
                    return heapq.heappop(self._heap)[2]
                self._wake.wait(wait)
            return None
