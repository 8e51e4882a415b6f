"""Things that are to happen later."""

import threading
import weakref
from collections.abc import Iterator
from queue import Queue

import pytest

from chatroom.server.timers import Timers
from tests.server.stage import DEADLINE


@pytest.fixture
def timers() -> Iterator[Timers]:
    """Timers that run."""
    timers = Timers()
    timers.start()
    yield timers
    timers.stop()
    assert "timers" not in {thread.name for thread in threading.enumerate()}


def test_things_happen_in_the_order_of_their_time_in_the_one_thread(timers: Timers) -> None:
    happened: Queue[tuple[str, str]] = Queue()

    def note(what: str) -> None:
        happened.put((what, threading.current_thread().name))

    timers.after(0.03, lambda: note("last"))
    timers.after(0.02, lambda: note("second"))
    timers.after(0.001, lambda: note("first"))
    seen = [happened.get(timeout=DEADLINE) for _ in range(3)]
    assert seen == [("first", "timers"), ("second", "timers"), ("last", "timers")]


def test_what_is_due_at_once_happens_first_come_first_served() -> None:
    timers, happened, done = Timers(), list[int](), threading.Event()
    for number in range(100):
        timers.after(-1.0, lambda number=number: happened.append(number))  # type: ignore[misc]
    timers.after(0.0, done.set)
    timers.start()
    assert done.wait(DEADLINE)
    assert happened == list(range(100))
    timers.stop()


def test_a_sooner_thing_wakes_the_thread_that_waits_for_a_later_one(timers: Timers) -> None:
    done = threading.Event()
    timers.after(3600, done.clear)
    timers.after(0.01, done.set)
    assert done.wait(DEADLINE)


def test_what_was_cancelled_does_not_happen(timers: Timers) -> None:
    happened: list[str] = []
    done = threading.Event()
    timers.after(0.01, lambda: happened.append("no")).cancel()
    timers.after(0.02, done.set)
    assert done.wait(DEADLINE)
    assert happened == []


def test_what_is_cancelled_is_not_kept_until_its_time() -> None:
    """Whoever connects and goes again all the time leaves nothing behind."""

    class Action:
        def __call__(self) -> None:
            raise AssertionError

    timers = Timers()
    kept = [timers.after(3600, Action()) for _ in range(100)]
    gone: list[weakref.ref[object]] = []
    for _ in range(10_000):
        timer = timers.after(3600, Action())
        gone.append(weakref.ref(timer))
        timer.cancel()
    assert sum(each() is not None for each in gone) < 2000
    assert not any(timer.is_cancelled for timer in kept)


def test_one_thing_happens_once() -> None:
    """Firing and cancelling it again change nothing."""
    happened: list[str] = []
    timer = Timers().after(3600, lambda: happened.append("once"))
    timer.fire()
    timer.fire()
    timer.cancel()
    assert happened == ["once"]


def test_a_fault_in_one_thing_is_logged_and_does_not_stop_the_others(
    timers: Timers, caplog: pytest.LogCaptureFixture
) -> None:
    done = threading.Event()

    def fail() -> None:
        raise ValueError("a fault")

    timers.after(0, fail)
    timers.after(0, done.set)
    assert done.wait(DEADLINE)
    assert "A timer's action failed" in caplog.text
    assert "a fault" in caplog.text


def test_the_end_does_not_wait_for_what_is_far_off() -> None:
    timers, happened = Timers(), list[str]()
    timers.start()
    timers.after(3600, lambda: happened.append("no"))
    timers.stop()
    timers.after(0, lambda: happened.append("no"))
    assert happened == []
