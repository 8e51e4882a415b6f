"""What the threads of a client's program let each other know."""

import os
import threading
import time
from collections.abc import Callable

ABANDONED = 3
"""The exit status of a client whose self-test is gone."""

_READ_BYTES = 4096


class ClientFailed(Exception):
    """The client cannot go on. The text says why."""


class Desk:
    """What the main thread waits for. Any thread may use it."""

    def __init__(self) -> None:
        self._news = threading.Condition(threading.Lock())  # guards all below
        self._unanswered = 0
        self._orders: set[str] = set()
        self._seen: set[str] = set()  # the last messages that were received
        self._failure: Exception | None = None

    def read_orders(self, source: int) -> None:
        """Takes in what the self-test says, a word a line; ends the process if it is gone.

        Args:
            source: The file descriptor that it says it on.
        """
        rest = b""
        while data := os.read(source, _READ_BYTES):
            *lines, rest = (rest + data).split(b"\n")
            with self._news:
                self._orders.update(line.decode() for line in lines)
                self._news.notify_all()
        os._exit(ABANDONED)  # whatever the other threads do: nobody wants it any more

    def sent(self, change: int) -> None:
        """Notes that a message was sent (1) or answered (-1)."""
        with self._news:
            self._unanswered += change
            self._news.notify_all()

    def saw(self, text: str) -> None:
        """Notes that a last message has come."""
        with self._news:
            self._seen.add(text)
            self._news.notify_all()

    def fail(self, failure: Exception) -> None:
        """Notes that the client cannot go on."""
        with self._news:
            self._failure = failure
            self._news.notify_all()

    def pause(self, seconds: float, window: int) -> bool:
        """Waits for so long, and then until few messages are unanswered.

        Args:
            seconds: How long.
            window: How many may be.

        Returns:
            Whether the client is to say more: False as soon as it is told to be calm.

        Raises:
            ClientFailed: It cannot go on.
        """
        end = time.monotonic() + seconds
        self._wait(lambda: "calm" in self._orders, end)
        self._wait(lambda: "calm" in self._orders or self._unanswered < window)
        return "calm" not in self._orders

    def sleep(self, seconds: float) -> None:
        """Waits for so long.

        Raises:
            ClientFailed: The client cannot go on.
        """
        self._wait(lambda: False, time.monotonic() + seconds)

    def await_order(self, word: str) -> None:
        """Waits until the self-test says this.

        Raises:
            ClientFailed: The client cannot go on.
        """
        self._wait(lambda: word in self._orders)

    def await_answers(self) -> None:
        """Waits until everything that was sent is answered.

        Raises:
            ClientFailed: The client cannot go on.
        """
        self._wait(lambda: self._unanswered == 0)

    def await_message(self, text: str) -> None:
        """Waits until a last message has come.

        Raises:
            ClientFailed: The client cannot go on.
        """
        self._wait(lambda: text in self._seen)

    def _wait(self, condition: Callable[[], bool], end: float | None = None) -> None:
        with self._news:
            while self._failure is None and not condition():
                left = None if end is None else end - time.monotonic()
                if left is not None and left <= 0:
                    return
                self._news.wait(left)
            if self._failure is not None:
                raise ClientFailed(str(self._failure)) from self._failure
