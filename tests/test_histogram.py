"""How often something took how long."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatroom.histogram import SECONDS, Histogram


def test_nothing_has_been_observed() -> None:
    below, total = Histogram((1.0, 2.0)).read()
    assert (below, total) == ([(1.0, 0), (2.0, 0), (float("inf"), 0)], 0.0)


@given(values=st.lists(st.floats(0, 10) | st.sampled_from(SECONDS)))
def test_each_bound_has_all_values_that_are_not_above_it(values: list[float]) -> None:
    histogram = Histogram()
    for value in values:
        histogram.observe(value)
    below, total = histogram.read()
    assert [bound for bound, _ in below] == [*SECONDS, float("inf")]
    assert [count for _, count in below] == [
        len([value for value in values if value <= bound]) for bound, _ in below
    ]
    assert total == pytest.approx(sum(values))


def test_what_was_read_stays_as_it_was() -> None:
    histogram = Histogram((1.0,))
    before = histogram.read()
    histogram.observe(0.5)
    assert before.below == [(1.0, 0), (float("inf"), 0)]
    assert histogram.read().below == [(1.0, 1), (float("inf"), 1)]
