"""Results are put into the page between the marks, and nothing else is touched."""

from pathlib import Path

import pytest

from benchmarks.paths import HERE
from benchmarks.report import page
from benchmarks.scenarios import read_plan
from tests.benchmarks.made_up import PEERS, result, results

PART = page.results_part(
    read_plan(),
    results(
        result("busy-200", "Busy room", {"chatroom": {"deliveries_per_s": 1e6, "cpu_us": 1.0}})
    ),
    PEERS,
    [("A plot", "plots/cpu.svg")],
)


def test_the_part_has_the_machine_the_day_the_goals_the_plots_and_the_figures() -> None:
    for words in (
        "Measured on 2026-11-24 on Abacus 3000, 2 cores, 24 GiB",
        "chatroom 0.1.0, ngIRCd 26.1.",
        "| scenario | goal | reached | met |",
        "![A plot](plots/cpu.svg)",
        "### Busy room\n",
    ):
        assert words in PART


def test_it_takes_the_place_of_what_stood_there(tmp_path: Path) -> None:
    file = tmp_path / "README.md"
    file.write_text(f"before\n\n{page.BEGIN}\nold\n{page.END}\n\nafter\n", encoding="utf-8")
    page.put(file, PART)
    page.put(file, PART)
    text = file.read_text(encoding="utf-8")
    assert text == f"before\n\n{page.BEGIN}\n\n{PART}\n{page.END}\n\nafter\n"


@pytest.mark.parametrize("text", ["nothing", page.BEGIN, f"{page.END}\n{page.BEGIN}"])
def test_a_page_without_the_marks_is_left_alone(text: str, tmp_path: Path) -> None:
    file = tmp_path / "README.md"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(page.NoMarks):
        page.put(file, PART)
    assert file.read_text(encoding="utf-8") == text


def test_the_project_s_page_has_the_marks() -> None:
    text = (HERE / "README.md").read_text(encoding="utf-8")
    assert text.index(page.BEGIN) < text.index(page.END)
