"""Times as they stand on the command line."""

import argparse
import time

import pytest

from chatroom.cli.durations import duration, since


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("1s", 1), ("30m", 1800), ("12h", 43_200), ("7d", 604_800), ("2w", 1_209_600)],
)
def test_a_time_has_a_unit(text: str, seconds: float) -> None:
    assert duration(text) == seconds
    assert since(text) == pytest.approx(time.time() - seconds, abs=5)


@pytest.mark.parametrize(
    "text", ["", "7", "d", "0d", "-1d", "1.5h", "7 d", "36501d", "9" * 99 + "s"]
)
def test_anything_else_is_none(text: str) -> None:
    for read in (duration, since):
        with pytest.raises(argparse.ArgumentTypeError, match="write it like"):
            read(text)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-07-01", 1_782_864_000.0),
        ("2026-07-01T00:01", 1_782_864_060.0),
        ("2026-07-01 02:00:00+02:00", 1_782_864_000.0),
        ("2026-07-01T00:00:00Z", 1_782_864_000.0),
    ],
)
def test_a_date_is_one_of_utc_unless_it_says_otherwise(text: str, moment: float) -> None:
    assert since(text) == moment
