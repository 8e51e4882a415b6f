"""Plots are drawn of what was measured, the same each time."""

from pathlib import Path
from xml.etree import ElementTree as ET

from benchmarks.report import plots
from benchmarks.results import Results
from benchmarks.scenarios import read_plan
from benchmarks.servers.catalogue import RECIPES
from tests.benchmarks.made_up import result, results

PLAN = read_plan()
FIGURES = {
    "deliveries_per_s": 1e6,
    "cpu_us": 0.5,
    "cpu_per_message_us": 50.0,
    "p50_ms": 1.0,
    "p99_ms": 2.0,
    "max_ms": 3.0,
}


def everything() -> Results:
    names = [each.name for each in PLAN.scenarios]
    names += [point.name for sweep in PLAN.sweeps for point in sweep.points()]
    return results(*[result(name, name, {"chatroom": FIGURES, "floor": FIGURES}) for name in names])


def test_all_that_was_measured_is_drawn(tmp_path: Path) -> None:
    drawn = plots.draw(PLAN, everything(), tmp_path)
    names = {path.stem for _, path in drawn}
    assert names == {"deliveries", "cpu", "latency", "cost-by-clients", "cost-by-size"}
    for title, path in drawn:
        root = ET.parse(path).getroot()  # noqa: S314 - it was written a moment ago
        words = "".join(root.itertext())
        assert root.tag.endswith("svg")
        assert title in words
        assert "chatroom" in words


def test_the_same_results_give_the_same_files(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        plots.draw(PLAN, everything(), tmp_path / folder)
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


def test_what_was_not_measured_is_not_drawn(tmp_path: Path) -> None:
    assert plots.draw(PLAN, results(), tmp_path) == []
    busy = results(result("busy-200", "Busy", {"chatroom": FIGURES}))
    assert [path.stem for _, path in plots.draw(PLAN, busy, tmp_path)] == ["cpu"]


def test_every_server_has_a_colour_of_its_own() -> None:
    assert plots.COLOURS.keys() == RECIPES.keys()
    assert len(set(plots.COLOURS.values())) == len(RECIPES)
