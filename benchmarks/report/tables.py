"""Results as tables in Markdown."""

import textwrap
from collections.abc import Iterable, Iterator, Sequence

from benchmarks.figures import FIGURES, TIMES, number, shown
from benchmarks.goals import OURS, Verdict, judge, straightness
from benchmarks.results import Result, Results, Row
from benchmarks.scenarios import Goal, Plan, Sweep

TALK = ("deliveries_per_s", "cpu_us", "p50_ms", "p99_ms", "max_ms", "rss_mib")
"""The columns of those scenarios that are told by their deliveries."""

WIDTH = 100

HIDDEN = {"server_cores", "load_cores", "cpu_per_message_us", "pss_mib"}
"""What is in the JSON file alone."""

MET = {True: "yes", False: "**no**", None: "?"}


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table in Markdown; all columns but the first are to the right."""
    rule = ["---", *["---:"] * (len(headings) - 1)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (headings, rule, *rows)) + "\n"


def goals(plan: Plan, results: Results, peers: Sequence[str]) -> str:
    """Return the table of what is to be reached and what is."""
    rows = [
        (title, verdict.goal, verdict.reached, _met(verdict))
        for title, verdict in verdicts(plan, results, peers)
    ]
    lines = table(("scenario", "goal", "reached", "met"), rows).splitlines()
    lines[1] = "| --- | --- | --- | --- |"
    return "\n".join(lines) + "\n"


def verdicts(plan: Plan, results: Results, peers: Sequence[str]) -> Iterator[tuple[str, Verdict]]:
    """Yield the title of each scenario that has a goal, and how far that is reached."""
    for scenario in plan.scenarios:
        for goal in scenario.goals:
            yield scenario.title, judge(goal, results.scenarios.get(scenario.name), peers)
    for sweep in plan.sweeps:
        for goal in sweep.goals:
            yield sweep.title, judge(goal, _line(sweep, goal, results), peers)


def _line(sweep: Sweep, goal: Goal, results: Results) -> Result | None:
    """Return what a sweep says of its line in the shape of a scenario's result."""
    value = straightness(sweep, results.scenarios, OURS)
    if value is None:
        return None
    return Result.of_figures(sweep.name, sweep.title, OURS, {goal.figure: value})


def _met(verdict: Verdict) -> str:
    aim = "" if verdict.aim_met is None else ("; aim too" if verdict.aim_met else "; aim not")
    return MET[verdict.met] + (aim if verdict.met else "")


def scenarios(plan: Plan, results: Results) -> str:
    """Return a table for each scenario that was measured, under its title."""
    parts = [
        f"### {result.title}\n\n{scenario(result)}"
        for each in plan.scenarios
        if (result := results.scenarios.get(each.name)) is not None
    ]
    return "\n".join(parts)


def scenario(result: Result) -> str:
    """Return the table of one scenario: the medians of all servers, and what went wrong."""
    names = _columns(result)
    headings = ["server", *[_heading(name) for name in names]]
    rows = [
        [row.title, *[_cell(row, name) for name in names]] for row in result.rows if row.medians
    ]
    notes = [
        textwrap.fill(f"- {row.title}: {note}", WIDTH, subsequent_indent="  ")
        for row in result.rows
        for note in _notes(row)
    ]
    return table(headings, rows) + ("\n" + "\n".join(notes) + "\n" if notes else "")


def _columns(result: Result) -> list[str]:
    there = {name for row in result.rows for name in row.medians}
    if "deliveries_per_s" in there and "cpu_us" in there:
        return [name for name in TALK if name in there]
    return [name for name in FIGURES if name in there - HIDDEN]


def _heading(name: str) -> str:
    figure = FIGURES[name]
    space = "" if figure.unit.startswith("/") or not figure.unit else ", "
    return f"{figure.title}{space}{figure.unit}"


def _cell(row: Row, name: str) -> str:
    value = row.medians.get(name)
    return "" if value is None else number(value)


def _notes(row: Row) -> Iterator[str]:
    if row.failure:
        yield f"failed: {row.failure}"
    if row.left_out:
        yield f"left out, as {row.left_out}"
    if row.notes:
        yield f"in {len(row.notes)} of {len(row.rounds)} rounds {row.notes[0]}"


def sweeps(plan: Plan, results: Results) -> str:
    """Return a table for each sweep: the CPU per delivery of all servers at each value."""
    parts = []
    for sweep in plan.sweeps:
        servers = {
            row.server: row.title
            for point in sweep.points()
            if (result := results.scenarios.get(point.name)) is not None
            for row in result.rows
        }
        rows = []
        for point in sweep.points():
            result = results.scenarios.get(point.name)
            cells = [_cost(result, server) for server in servers]
            if any(cells):
                rows.append([f"{getattr(point, sweep.over):,}", *cells])
        if rows:
            headings = [sweep.over.replace("_", " "), *servers.values()]
            parts.append(f"### {sweep.title}\n\nCPU per delivery, µs.\n\n{table(headings, rows)}")
    return "\n".join(parts)


def _cost(result: Result | None, server: str) -> str:
    value = result.figure(server, "cpu_us") if result else None
    return "" if value is None else number(value)


def ratios(results: Results, bases: Sequence[str]) -> str:
    """Return what `make bench-quick` prints: chatroom's figures as multiples of other servers'."""
    rows = []
    for result in results.scenarios.values():
        cells = [result.title]
        for name in ("cpu_us", "deliveries_per_s"):
            ours = result.figure(OURS, name)
            cells.append("failed" if ours is None else shown(name, ours))
            for base in bases:
                other = result.figure(base, name)
                cells.append(number(ours / other) if ours and other else "")
        rows.append(cells)
    titles = [
        next(
            (
                row.title
                for each in results.scenarios.values()
                for row in each.rows
                if row.server == base
            ),
            base,
        )
        for base in bases
    ]
    columns = [f"{TIMES} {title}" for title in titles]
    return table(["scenario", "CPU per delivery", *columns, "deliveries", *columns], rows)
