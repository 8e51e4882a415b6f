"""Many things looked at with few wake-ups."""

import queue
import threading
from collections.abc import Iterator

import pytest

from chatroom.server.timers import Timer, Timers
from chatroom.server.watch import Watch
from tests.server.stage import DEADLINE


class Counting(Timers):
    """Timers that count how often they are asked for something."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    def after(self, seconds: float, action: object) -> Timer:
        """Count, and do it."""
        self.asked += 1
        assert callable(action)
        return super().after(seconds, action)


class Patient:
    """Something that says when it was looked at, and when to look again."""

    def __init__(self, *again: float) -> None:
        self.looks: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._again = list(again)

    def look(self) -> float | None:
        """Note in which thread this is."""
        again = self._again.pop(0) if self._again else None
        self.looks.put(threading.current_thread().name)
        return again


@pytest.fixture
def timers() -> Iterator[Counting]:
    timers = Counting()
    timers.start()
    yield timers
    timers.stop()


def test_it_is_looked_at_again_and_again_until_it_says_never(timers: Counting) -> None:
    watch, patient, last = Watch(timers, 0.01), Patient(0.0, 0.02), Patient()
    watch.add(patient, 0.0)
    for _ in range(3):
        assert patient.looks.get(timeout=DEADLINE) == "timers"
    watch.add(last, 0.05)
    last.looks.get(timeout=DEADLINE)
    assert patient.looks.empty()


def test_a_thousand_that_are_due_together_share_a_timer(timers: Counting) -> None:
    watch = Watch(timers, 3600.0)
    for _ in range(1000):
        watch.add(Patient(), 0.0)
    assert timers.asked <= 2  # the hour may end meanwhile


def test_what_is_forgotten_is_not_looked_at(timers: Counting) -> None:
    watch, gone, last = Watch(timers, 0.05), Patient(), Patient()
    watch.add(gone, 0.0)
    watch.add(last, 0.1)
    watch.forget(gone)
    watch.forget(gone)
    last.looks.get(timeout=DEADLINE)
    assert gone.looks.empty()
