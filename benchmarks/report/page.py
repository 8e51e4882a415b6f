"""Writes results into a page, between marks."""

import textwrap
from collections.abc import Sequence
from pathlib import Path

from benchmarks.report import tables
from benchmarks.results import Results
from benchmarks.scenarios import Plan

BEGIN = "<!-- what stands from here on is written by `make bench ARGS=--publish` -->"
END = "<!-- up to here -->"
WIDTH = 100


class NoMarks(Exception):
    """The page has no place for results. The text is a sentence."""


def results_part(
    plan: Plan, results: Results, peers: Sequence[str], plots: Sequence[tuple[str, str]]
) -> str:
    """Return what stands between the marks.

    Args:
        plan: all there is to measure.
        results: what was measured.
        peers: the names of the servers that are somebody else's.
        plots: the title and the path of each plot, from where the page is.
    """
    machine = results.machine
    versions = ", ".join(f"{name} {version}" for name, version in results.versions.items())
    where = (
        f"Measured on {machine.date} on {machine.processor}, {machine.cores} cores,"
        f" {machine.memory_gib:g} GiB of memory, {machine.kernel}, Python {machine.python}."
        f" Servers: {versions}."
    )
    parts = [
        textwrap.fill(where, WIDTH) + "\n",
        "## Goals\n",
        tables.goals(plan, results, peers),
        "## Plots\n",
        "\n\n".join(f"![{title}]({path})" for title, path in plots) + "\n",
        "## Figures\n",
        tables.scenarios(plan, results),
        tables.sweeps(plan, results),
    ]
    return "\n".join(parts)


def put(page: Path, part: str) -> None:
    """Put results into a page, in the place of those that stand there.

    Raises:
        NoMarks: the page has no marks, or not in their order.
    """
    text = page.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise NoMarks(f"{page} has no place for results: a line {BEGIN}, and below it {END}.")
    page.write_text(f"{before}{BEGIN}\n\n{part}\n{END}{after}", encoding="utf-8")
