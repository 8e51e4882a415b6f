"""Why a server is to stop: a signal, or something that broke."""

import contextlib
import logging
import os
import signal
import threading
from collections.abc import Iterator

_log = logging.getLogger(__name__)

_BROKEN = b"\0"  # no signal has the number 0


class Reasons:
    """Gathers the reasons to stop; the main thread waits for the first. Any thread may add one.

    The system writes a signal's number to a pipe the moment it comes, whichever thread that
    interrupts (`signal.set_wakeup_fd`). A handler in Python would not do: it runs when the main
    thread next executes Python code, which is never if the signal comes just before the wait.
    """

    def __init__(self) -> None:
        self._waiting, self._telling = os.pipe()
        os.set_blocking(self._telling, False)
        self._broken: list[Exception] = []

    @property
    def file(self) -> int:
        """The file descriptor that can be read when there is a reason, for who waits for more."""
        return self._waiting

    def broke(self, error: Exception) -> None:
        """Add something that broke."""
        self._broken.append(error)
        with contextlib.suppress(BlockingIOError):  # the pipe is full of reasons
            os.write(self._telling, _BROKEN)

    def died(self, death: threading.ExceptHookArgs) -> None:
        """Add a fault that ended a thread: the server cannot go on without any of them."""
        name = death.thread.name if death.thread else "unknown"
        _log.critical("The thread %s failed.", name, exc_info=death.exc_value)
        self.broke(RuntimeError(f"The thread {name} failed, and its log entry says why."))

    def wait(self) -> int:
        """Wait for a reason; return the number of the signal, 0 if something broke."""
        return os.read(self._waiting, 1)[0]

    @property
    def broken(self) -> Exception | None:
        """What broke first, also after a signal came; None if nothing did."""
        return self._broken[0] if self._broken else None

    @contextlib.contextmanager
    def gathered(self, *signals: signal.Signals) -> Iterator[None]:
        """Gather `signals` and the ends of threads for a while. Main thread only."""
        before = {number: signal.signal(number, lambda *_: None) for number in signals}
        fd = signal.set_wakeup_fd(self._telling, warn_on_full_buffer=False)
        hook, threading.excepthook = threading.excepthook, self.died
        try:
            yield
        finally:
            threading.excepthook = hook
            signal.set_wakeup_fd(fd)
            for number, handler in before.items():
                signal.signal(number, handler)
            os.close(self._waiting)
            os.close(self._telling)
