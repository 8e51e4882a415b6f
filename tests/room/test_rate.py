"""How fast one may talk."""

import contextlib
import heapq
import itertools
import threading
from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatroom.protocol.errors import ErrorCode, ProtocolError
from chatroom.room.rate import HOLD_SECONDS, Pace, Paces, TokenBucket
from tests.clock import Clock


def exhausted(bucket: TokenBucket, burst: int) -> float:
    """Take all that there can be; return when there is more."""
    with contextlib.suppress(ProtocolError):
        for _ in range(burst):
            bucket.take()
    return refused(bucket)


def refused(bucket: TokenBucket) -> float:
    """See that nothing more is let through now; return when it will be."""
    with pytest.raises(ProtocolError) as caught:
        bucket.take()
    return wait_of(caught.value)


def wait_of(problem: ProtocolError) -> float:
    """Return the seconds that a refusal names, to programs and to persons."""
    assert problem.code is ErrorCode.RATE_LIMITED
    wait = problem.retry_after
    assert wait is not None
    assert f" {wait} seconds" in problem.message
    return wait


def test_a_burst_is_let_through_and_then_so_many_a_second() -> None:
    clock = Clock(0.0)
    bucket = TokenBucket(2, 3, clock)
    for _ in range(3):
        bucket.take()
    assert refused(bucket) == 0.5
    clock.now = 0.25
    assert refused(bucket) == 0.25
    clock.now = 0.5
    bucket.take()
    assert refused(bucket) == 0.5


def test_a_pause_earns_no_more_than_a_burst() -> None:
    clock = Clock(0.0)
    bucket = TokenBucket(1000, 2, clock)
    clock.now = 3600
    bucket.take()
    bucket.take()
    refused(bucket)


def test_zero_means_no_limit() -> None:
    bucket = TokenBucket(0, 1, Clock(0.0))
    for _ in range(1000):
        bucket.take()


def test_a_bucket_is_full_again_after_a_while() -> None:
    clock = Clock(0.0)
    bucket = TokenBucket(2, 3, clock)
    assert bucket.is_full()
    bucket.take()
    clock.now = 0.4
    assert not bucket.is_full()
    clock.now = 0.5
    assert bucket.is_full()


@given(
    rate=st.floats(0.001, 10_000),
    burst=st.integers(1, 5),
    start=st.floats(0, 1e6),
    pauses=st.lists(st.floats(0, 5), max_size=10),
)
def test_whoever_waits_as_told_is_let_through(
    rate: float, burst: int, start: float, pauses: list[float]
) -> None:
    clock = Clock(start)
    bucket = TokenBucket(rate, burst, clock)
    for pause in [*pauses, 0.0]:
        clock.now += pause
        clock.now += exhausted(bucket, burst)
        bucket.take()


def test_threads_that_share_a_bucket_get_no_more_than_there_is() -> None:
    bucket = TokenBucket(1, 1000, Clock(0.0))
    taken: list[int] = []

    def take_all() -> None:
        count = 0
        with contextlib.suppress(ProtocolError):
            while True:
                bucket.take()
                count += 1
        taken.append(count)

    threads = [threading.Thread(target=take_all) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(taken) == 1000


def held_back(pace: Pace, id: str | None) -> float:
    """See that a message is refused; return for how long."""
    with pytest.raises(ProtocolError) as caught:
        pace.take(id)
    return wait_of(caught.value)


def test_those_behind_a_refused_message_wait_until_it_has_come_again() -> None:
    """Otherwise one that comes just when there is a token would overtake it."""
    clock = Clock(0.0)
    pace = Pace(TokenBucket(10, 1, clock), clock)
    pace.take("a")
    assert held_back(pace, "b") == 0.1
    assert held_back(pace, "c") == pytest.approx(0.2, abs=0.001)
    clock.now = 0.1
    assert held_back(pace, "d") == pytest.approx(0.2, abs=0.001)
    pace.take("b")
    clock.now = 0.2
    pace.take("c")


def test_a_message_that_comes_again_too_early_is_still_waited_for() -> None:
    clock = Clock(0.0)
    pace = Pace(TokenBucket(1, 1, clock), clock)
    pace.take("a")
    held_back(pace, "b")
    clock.now = 0.9
    assert held_back(pace, "b") == pytest.approx(0.1, abs=0.001)
    clock.now = 1.0
    held_back(pace, "c")
    pace.take("b")


def test_a_message_that_never_comes_again_is_not_waited_for_without_end() -> None:
    clock = Clock(0.0)
    pace = Pace(TokenBucket(10, 1, clock), clock)
    pace.take("a")
    held_back(pace, "b")
    clock.now = HOLD_SECONDS
    assert 0 < held_back(pace, "c") <= 0.1
    clock.now = HOLD_SECONDS + 0.1
    pace.take("c")
    held_back(pace, "d")


def test_what_has_no_name_neither_waits_nor_is_waited_for() -> None:
    clock = Clock(0.0)
    pace = Pace(TokenBucket(10, 1, clock), clock)
    pace.take(None)
    held_back(pace, None)
    clock.now = 0.1
    pace.take("a")
    held_back(pace, "b")
    clock.now = 0.2
    pace.take(None)


class Sender:
    """A client far away that sends again what was refused, from the first of it on, one by one.

    Args:
        pace: what the server makes of its messages.
        clock: the time.
        trip: how many seconds a message takes to the server, and as many back.
    """

    def __init__(self, pace: Pace, clock: Clock, trip: float) -> None:
        self._pace = pace
        self._clock = clock
        self._trip = trip
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._waiting: list[int] = []
        self._careful = False
        self._flying: int | None = None
        self._again_at = 0.0
        self.stored: list[int] = []
        """What the server has let through, in its order."""

    def run(self, count: int, gap: float) -> None:
        """Say `count` things, one each `gap` seconds, and wait until all are stored."""
        for number in range(count):
            self._later(number * gap, partial(self._say, number))
        while self._events:
            at, _, happen = heapq.heappop(self._events)
            self._clock.now = max(self._clock.now, at)
            happen()

    def _later(self, at: float, happen: Callable[[], None]) -> None:
        heapq.heappush(self._events, (at, next(self._order), happen))

    def _say(self, number: int) -> None:
        if self._careful:
            heapq.heappush(self._waiting, number)
            self._go_on()
        else:
            self._send(number)

    def _send(self, number: int) -> None:
        self._later(self._clock.now + self._trip, partial(self._arrive, number))

    def _arrive(self, number: int) -> None:
        try:
            self._pace.take(str(number))
        except ProtocolError as problem:
            self._later(self._clock.now + self._trip, partial(self._no, number, wait_of(problem)))
        else:
            self.stored.append(number)
            self._later(self._clock.now + self._trip, partial(self._yes, number))

    def _no(self, number: int, wait: float) -> None:
        self._careful = True
        if not self._waiting or number < self._waiting[0]:
            self._again_at = self._clock.now + wait
            self._later(self._again_at, self._go_on)
        heapq.heappush(self._waiting, number)
        self._land(number)

    def _yes(self, number: int) -> None:
        self._land(number)
        self._go_on()

    def _land(self, number: int) -> None:
        if self._flying == number:
            self._flying = None

    def _go_on(self) -> None:
        if self._waiting and self._flying is None and self._clock.now >= self._again_at:
            self._flying = heapq.heappop(self._waiting)
            self._send(self._flying)


@given(
    rate=st.floats(0.5, 100),
    burst=st.integers(1, 4),
    count=st.integers(1, 15),
    trip=st.floats(0, HOLD_SECONDS / 2 - 0.1),
    gap=st.floats(0, 0.5),
)
def test_who_sends_again_as_told_is_heard_in_order(
    rate: float, burst: int, count: int, trip: float, gap: float
) -> None:
    """However many were on their way when the first of them was refused."""
    clock = Clock(0.0)
    sender = Sender(Pace(TokenBucket(rate, burst, clock), clock), clock, trip)
    sender.run(count, gap)
    assert sender.stored == list(range(count))


def test_without_a_limit_there_is_nothing_to_keep() -> None:
    paces = Paces(0, 40)
    assert paces.enter(1) is None
    paces.leave(1)
    assert len(paces) == 0


def test_connections_of_one_account_share_its_bucket() -> None:
    paces = Paces(1, 2, Clock(0.0))
    one, two, other = paces.enter(1), paces.enter(1), paces.enter(2)
    assert one is not None
    assert two is not None
    assert other is not None
    one.take(None)
    two.take(None)
    held_back(one, None)
    held_back(two, None)
    other.take(None)


def test_nobody_gets_a_new_burst_by_coming_again() -> None:
    clock = Clock(0.0)
    paces = Paces(1, 1, clock)
    for number in range(3):
        pace = paces.enter(1)
        assert pace is not None
        pace.take(None) if number == 0 else held_back(pace, None)
        paces.leave(1)
    clock.now = 1.0
    pace = paces.enter(1)
    assert pace is not None
    pace.take(None)


def test_a_bucket_is_kept_while_one_of_several_connections_is_there() -> None:
    clock = Clock(0.0)
    paces = Paces(1, 1, clock)
    one, _ = paces.enter(1), paces.enter(1)
    assert one is not None
    one.take(None)
    paces.leave(1)
    held_back(one, None)
    three = paces.enter(1)
    assert three is not None
    held_back(three, None)
    assert len(paces) == 1


def test_those_who_have_gone_are_forgotten_when_their_bucket_is_full_or_there_are_many() -> None:
    clock = Clock(0.0)
    paces = Paces(1, 1, clock, remembered=2)
    for account in range(4):
        pace = paces.enter(account)
        assert pace is not None
        pace.take(None)
        paces.leave(account)
    assert len(paces) == 2
    clock.now = 1.0
    paces.enter(9)
    paces.leave(9)
    assert len(paces) == 0
