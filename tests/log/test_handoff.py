"""From many threads to one."""

import threading
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from chatroom.log.handoff import Handoff, HandoffClosed
from tests.log.stores import DEADLINE

BRIEFLY = 0.05
"""Seconds in which a thread that should wait would have gone on."""


class _Thread(threading.Thread):
    """A thread that keeps what its function returned or raised."""

    def __init__(self, function: Callable[[], object]) -> None:
        super().__init__(name="test", daemon=True)
        self._function = function
        self.result: object = None
        self.start()

    def run(self) -> None:
        try:
            self.result = self._function()
        except HandoffClosed as error:
            self.result = error

    def waits(self) -> bool:
        """Say whether the thread is still at it after a while."""
        self.join(BRIEFLY)
        return self.is_alive()

    def outcome(self) -> object:
        """Wait for the end and return what came of it."""
        self.join(DEADLINE)
        assert not self.is_alive()
        return self.result


@pytest.fixture
def queue() -> Iterator[Handoff[int]]:
    """A queue for two."""
    found: Handoff[int] = Handoff(2)
    yield found
    found.close()


def test_the_taker_gets_everything_in_order(queue: Handoff[int]) -> None:
    queue.put([1])
    queue.put([2, 3])
    assert queue.take() == [1, 2, 3]
    assert queue.poll() == []


def test_take_waits_for_something_and_poll_does_not(queue: Handoff[int]) -> None:
    assert queue.poll() == []
    taker = _Thread(queue.take)
    assert taker.waits()
    queue.put([1])
    assert taker.outcome() == [1]


def test_who_takes_may_wait_for_a_while_only(queue: Handoff[int]) -> None:
    with pytest.raises(TimeoutError):
        queue.take(BRIEFLY)
    taker = _Thread(lambda: queue.take(DEADLINE))
    queue.put([1])
    assert taker.outcome() == [1]
    queue.put([2])
    assert queue.take(0) == [2]
    queue.close()
    assert queue.take(0) == []


def test_nothing_is_not_something(queue: Handoff[int]) -> None:
    """Putting no items neither wakes the taker nor says that the queue was filled."""
    filled: list[str] = []
    told: Handoff[int] = Handoff(2, lambda: filled.append("filled"))
    told.put([])
    assert filled == []
    taker = _Thread(queue.take)
    queue.put([])
    assert taker.waits()


def test_who_puts_waits_while_the_queue_is_full(queue: Handoff[int]) -> None:
    queue.put([1, 2])
    putters = [_Thread(lambda: queue.put([3])), _Thread(lambda: queue.put([3]))]
    assert all(putter.waits() for putter in putters)
    assert queue.poll() == [1, 2]
    for putter in putters:
        putter.outcome()
    assert queue.poll() == [3, 3]


def test_one_put_may_go_over_the_bound_but_the_next_waits(queue: Handoff[int]) -> None:
    queue.put([1])
    queue.put([2, 3, 4])
    putter = _Thread(lambda: queue.put([5]))
    assert putter.waits()
    assert queue.take() == [1, 2, 3, 4]
    putter.outcome()
    assert queue.take() == [5]


def test_who_may_not_wait_does_not(queue: Handoff[int]) -> None:
    queue.put([1, 2])
    queue.put([3], wait=False)
    assert queue.take() == [1, 2, 3]


def test_closing_wakes_everybody() -> None:
    """Those who put are refused, and what was there can still be taken."""
    full: Handoff[int] = Handoff(1)
    full.put([1])
    putters = [_Thread(lambda: full.put([2])) for _ in range(3)]
    empty: Handoff[int] = Handoff(1)
    taker = _Thread(empty.take)
    assert all(thread.waits() for thread in (*putters, taker))
    full.close()
    empty.close()
    assert all(isinstance(putter.outcome(), HandoffClosed) for putter in putters)
    assert taker.outcome() == []
    assert full.take() == [1]
    assert full.take() == []


@pytest.mark.parametrize("wait", [True, False])
def test_nothing_can_be_put_behind_the_end(queue: Handoff[int], *, wait: bool) -> None:
    queue.close()
    queue.close()
    with pytest.raises(HandoffClosed):
        queue.put([1], wait=wait)
    assert queue.poll() == []


def test_each_filling_is_told_once() -> None:
    """Not again while something is there; outside the lock, so the taker may take at once."""
    taken: list[list[int]] = []
    told: list[int] = []

    def filled() -> None:
        told.append(1)
        if len(told) == 2:
            taken.append(roomy.poll())

    roomy: Handoff[int] = Handoff(10, filled)
    roomy.put([1])
    roomy.put([2])
    assert len(told) == 1
    assert roomy.poll() == [1, 2]
    roomy.put([3])
    assert (len(told), taken) == (2, [[3]])


def test_many_threads_lose_nothing_and_keep_their_order() -> None:
    """Over a queue that is nearly always full, each thread's items arrive in its order."""
    queue: Handoff[tuple[int, int]] = Handoff(3)

    def put_all(who: int) -> None:
        for number in range(200):
            queue.put([(who, number)])

    threads = [_Thread(partial(put_all, who)) for who in range(4)]
    found: list[tuple[int, int]] = []
    while len(found) < 800:
        batch = queue.take()
        assert 0 < len(batch) <= 3
        found += batch
    for thread in threads:
        thread.outcome()
    for who in range(4):
        assert [number for by, number in found if by == who] == list(range(200))
