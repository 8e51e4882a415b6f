"""How fast one may talk."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatroom.protocol.errors import ErrorCode, ProtocolError
from chatroom.room.rate import TokenBucket


class Clock:
    """A clock that only the test moves."""

    def __init__(self, now: float = 0.0) -> None:
        self.now = now

    def __call__(self) -> float:
        """Return the time."""
        return self.now


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
    assert caught.value.code is ErrorCode.RATE_LIMITED
    wait = caught.value.retry_after
    assert wait is not None
    assert f" {wait} seconds" in caught.value.message
    return wait


def test_a_burst_is_let_through_and_then_so_many_a_second() -> None:
    clock = Clock()
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
    clock = Clock()
    bucket = TokenBucket(1000, 2, clock)
    clock.now = 3600
    bucket.take()
    bucket.take()
    refused(bucket)


def test_zero_means_no_limit() -> None:
    bucket = TokenBucket(0, 1, Clock())
    for _ in range(1000):
        bucket.take()


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
