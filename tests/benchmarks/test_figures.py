"""Figures are shown with as many digits as mean something."""

import pytest

from benchmarks.figures import number, shown


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (0.01234, "0.0123"),
        (0.9996, "1.000"),
        (1.25, "1.25"),
        (12.34, "12.3"),
        (999.6, "1,000"),
        (1234, "1,230"),
        (5_678_901, "5,680,000"),
        (-2.5, "-2.50"),
    ],
)
def test_three_digits(value: float, text: str) -> None:
    assert number(value) == text


def test_units_stand_behind() -> None:
    assert shown("cpu_us", 1.25) == "1.25 µs"
    assert shown("messages_per_s", 123_456) == "123,000/s"
    assert shown("straightness", 0.99) == "0.990"
