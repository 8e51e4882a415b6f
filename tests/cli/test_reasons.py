"""Why a server is to stop."""

import signal
import threading

from chatroom.cli.reasons import Reasons


def test_a_signal_that_came_before_the_wait_is_not_lost() -> None:
    reasons = Reasons()
    with reasons.gathered(signal.SIGUSR1):
        signal.raise_signal(signal.SIGUSR1)
        reasons.wait()
        assert reasons.broken is None


def test_the_first_of_several_reasons_counts() -> None:
    """However many come, telling never blocks."""
    reasons = Reasons()
    first, second = RuntimeError("first"), RuntimeError("second")
    with reasons.gathered():
        reasons.broke(first)
        for _ in range(100_000):
            reasons.broke(second)
        reasons.wait()
        assert reasons.broken is first


def test_what_broke_counts_also_when_a_signal_came_first() -> None:
    """As while the server was stopping."""
    reasons = Reasons()
    with reasons.gathered(signal.SIGUSR1):
        signal.raise_signal(signal.SIGUSR1)
        reasons.wait()
        error = RuntimeError("late")
        reasons.broke(error)
        assert reasons.broken is error


def test_a_thread_that_ends_by_a_fault_is_a_reason() -> None:
    reasons = Reasons()
    with reasons.gathered():
        threading.Thread(target=lambda: 1 / 0, name="oddity").start()
        reasons.wait()
        assert "oddity" in str(reasons.broken)


def test_afterwards_all_is_as_it_was() -> None:
    hook, handler = threading.excepthook, signal.getsignal(signal.SIGUSR1)
    with Reasons().gathered(signal.SIGUSR1):
        assert signal.getsignal(signal.SIGUSR1) is not handler
    assert threading.excepthook is hook
    assert signal.getsignal(signal.SIGUSR1) is handler
