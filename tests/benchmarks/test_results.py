"""Results are medians of rounds, and survive being kept."""

from pathlib import Path

import msgspec
import pytest

from benchmarks.results import Round, Row, read_results
from tests.benchmarks.made_up import result, results


def test_the_median_of_each_figure_counts() -> None:
    rounds = tuple(Round({"cpu_us": cpu, "p99_ms": 10 - cpu}) for cpu in (1.0, 9.0, 2.0))
    assert Row("chatroom", "chatroom", rounds).medians == {"cpu_us": 2.0, "p99_ms": 8.0}


def test_a_figure_that_some_round_lacks_is_none() -> None:
    rounds = (Round({"cpu_us": 1.0, "p99_ms": 1.0}), Round({"cpu_us": 2.0}))
    assert Row("chatroom", "chatroom", rounds).medians == {"cpu_us": 1.5}


def test_one_round_that_failed_is_enough_to_have_failed() -> None:
    row = Row("chatroom", "chatroom", (Round({"cpu_us": 1.0}), Round(failure="c1 got 2 of 3.")))
    assert row.failure == "c1 got 2 of 3."
    assert row.medians == {}


def test_no_rounds_give_no_figures() -> None:
    assert Row("chatroom", "chatroom").medians == {}


def test_what_is_kept_is_read_again(tmp_path: Path) -> None:
    made = results(result("fan-out", "Fan-out", {"chatroom": {"cpu_us": 1.25}}))
    path = tmp_path / "folder" / "results.json"
    made.write(path)
    assert read_results(path) == made
    path.write_text('{"machine": 3}')
    with pytest.raises(msgspec.ValidationError):
        read_results(path)


def test_a_later_run_replaces_what_it_measured_and_leaves_the_rest() -> None:
    old = results(
        result("a", "A", {"chatroom": {"cpu_us": 1.0}}),
        result("b", "B", {"chatroom": {"cpu_us": 2.0}}),
    )
    new = results(result("b", "B", {"chatroom": {"cpu_us": 3.0}}))
    both = old.merged(new)
    assert both.scenarios["a"].figure("chatroom", "cpu_us") == 1.0
    assert both.scenarios["b"].figure("chatroom", "cpu_us") == 3.0
    assert both.scenarios["b"].figure("ngircd", "cpu_us") is None
