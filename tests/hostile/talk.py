"""Two who talk while somebody attacks: what they say arrives, and how long it takes."""

import statistics
import threading
import time
from collections.abc import Callable
from typing import NamedTuple

from tests.conversation import DEADLINE, Client, Frame

PAUSE = 0.005
"""Seconds between a message that has arrived and the next one."""


class Times(NamedTuple):
    """How long messages took from one to the other, in seconds."""

    messages: int
    median: float
    p99: float
    worst: float

    def __str__(self) -> str:
        """Returns them for a person."""
        return (
            f"{self.messages} messages, median {self.median * 1000:.2f} ms,"
            f" p99 {self.p99 * 1000:.2f} ms, worst {self.worst * 1000:.2f} ms"
        )


class Talk:
    """One tells the other things, one after the other, until both have had enough.

    Args:
        connect: makes a connection of either of them.
    """

    def __init__(self, connect: Callable[[], Client]) -> None:
        self._talker, self._listener = connect(), connect()
        self._talker.login("talker")
        self._listener.login("listener")
        self._heard: list[str] = []
        self._times: list[float] = []
        self._failures: list[Exception] = []
        self._enough = threading.Event()
        self._arrived = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="talk")
        self._thread.start()

    def _run(self) -> None:
        try:
            while not self._enough.wait(PAUSE):
                self._say(str(len(self._times)))
        except Exception as failure:  # noqa: BLE001  # it belongs to whoever asks for the end
            self._failures.append(failure)

    def _say(self, message: str) -> None:
        begin = time.monotonic()
        self._talker.send("DM", to="listener", message=message, id=message)
        frame = _next(self._listener, "direct_message")
        with self._arrived:
            self._times.append(time.monotonic() - begin)
            self._arrived.notify_all()
        self._heard.append(frame["message"])
        assert _next(self._talker, "confirmation")["id"] == message

    def wait_for(self, count: int) -> None:
        """Waits until so many messages have arrived."""
        with self._arrived:
            assert self._arrived.wait_for(lambda: self.count >= count, 3 * DEADLINE), self._failures

    @property
    def count(self) -> int:
        """How many messages have arrived."""
        return len(self._times)

    def times(self, first: int = 0, behind: int | None = None) -> Times:
        """Returns how long the messages took, from one number to before another one."""
        times = sorted(self._times[first:behind])
        assert times
        p99 = times[min(len(times) - 1, int(len(times) * 0.99))]
        return Times(len(times), statistics.median(times), p99, times[-1])

    def end(self) -> Times:
        """Lets them come to an end, sees that nothing was lost, and returns how long it took."""
        self._enough.set()
        self._thread.join(2 * DEADLINE)
        for failure in self._failures:
            raise failure
        assert self._heard == [str(number) for number in range(len(self._times))]
        assert not [frame for frame in self._listener.heard() if frame["type"] == "direct_message"]
        return self.times()

    def close(self) -> None:
        """Lets them go, however it stands."""
        self._enough.set()
        self._thread.join(2 * DEADLINE)
        self._talker.close()
        self._listener.close()


def _next(client: Client, kind: str) -> Frame:
    """Returns the next frame of a kind, behind what others said to all; gives signs of life."""
    while (frame := client.news())["type"] != kind:
        if frame["type"] == "ping":
            client.send("pong")
        else:
            assert frame["type"] == "broadcast", frame
    return frame
