from hypothesis import given
from hypothesis import strategies as st

from chatroom.client.backoff import Backoff

_DRAWS = st.lists(st.floats(0, 1, exclude_max=True), min_size=1, max_size=40)


@given(_DRAWS, st.floats(0.001, 10), st.floats(0.001, 100))
def test_every_wait_is_within_its_doubling_bound(
    draws: list[float], first: float, limit: float
) -> None:
    backoff = Backoff(first, limit, iter(draws).__next__)
    for attempt in range(len(draws)):
        assert 0 <= backoff.next() <= min(first * 2**attempt, limit)


@given(_DRAWS)
def test_the_same_draws_give_the_same_waits(draws: list[float]) -> None:
    one, other = Backoff(draw=iter(draws).__next__), Backoff(draw=iter(draws).__next__)
    assert [one.next() for _ in draws] == [other.next() for _ in draws]


def test_the_jitter_covers_the_whole_range() -> None:
    draws = iter((0.0, 0.999))
    backoff = Backoff(1.0, 1.0, draws.__next__)
    assert (backoff.next(), backoff.next()) == (0.0, 0.999)


def test_reset_begins_again_with_the_shortest() -> None:
    backoff = Backoff(1.0, 30.0, lambda: 0.5)
    assert [backoff.next(), backoff.next(), backoff.next()] == [0.5, 1.0, 2.0]
    backoff.reset()
    assert backoff.next() == 0.5
