"""Which goals are met."""

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.figures import FIGURES, TIMES, number, shown
from benchmarks.results import Result
from benchmarks.scenarios import Goal, Sweep

OURS = "chatroom"
BEST_PEER = "best peer"


@dataclass(frozen=True)
class Verdict:
    """A goal and how far it is reached."""

    goal: str
    """What is to be reached, for a person."""
    reached: str
    """What is."""
    met: bool | None
    """None if it cannot be said, for something was not measured."""
    aim_met: bool | None = None
    """The same of what would be better still, None also where there is no such bound."""


def judge(goal: Goal, result: Result | None, peers: Iterable[str]) -> Verdict:
    """Return how far a goal is reached.

    Args:
        goal: what is to be reached.
        result: what was measured, None if it was not.
        peers: the names of the servers that are somebody else's.
    """
    ours = result.figure(goal.of, goal.figure) if result else None
    other, title = (None, "") if result is None else _other(goal, result, peers)
    if ours is None or (goal.times is not None and not other):
        return Verdict(describe(goal, result), _missing(goal, result, ours), None)
    value = ours if other is None else ours / other
    reached = shown(goal.figure, ours)
    if other is not None:
        reached = f"{number(value)} {TIMES} {title} ({reached} to {shown(goal.figure, other)})"
    aim = None if goal.aim is None else _holds(goal, value, goal.aim)
    bound = goal.at_most if goal.at_most is not None else goal.at_least
    assert bound is not None
    return Verdict(describe(goal, result), reached, _holds(goal, value, bound), aim)


def describe(goal: Goal, result: Result | None = None) -> str:
    """Return what a goal says, for a person; the result tells what servers are called."""
    titles = {row.server: row.title for row in result.rows} if result else {}
    word, bound = ("at most", goal.at_most) if goal.at_most is not None else ("", goal.at_least)
    assert bound is not None
    word = word or "at least"
    value = (
        f"{number(bound)} {TIMES} {titles.get(goal.times, goal.times)}"
        if goal.times
        else shown(goal.figure, bound)
    )
    aim = "" if goal.aim is None else f" (aim: {number(goal.aim)})"
    whose = "" if goal.of == OURS else f"{titles.get(goal.of, goal.of)}: "
    return f"{whose}{FIGURES[goal.figure].title} {word} {value}{aim}"


def straightness(sweep: Sweep, results: Mapping[str, Result], server: str) -> float | None:
    """Return how well a straight line fits the CPU per message against what is swept over.

    Returns:
        R², the part of the variance that the line explains; None if a point is missing.
    """
    points = [(point, results.get(point.name)) for point in sweep.points()]
    costs = [
        result.figure(server, "cpu_per_message_us") if result else None for _, result in points
    ]
    xs = [float(getattr(point, sweep.over)) for point, _ in points]
    ys = [cost for cost in costs if cost is not None]
    if len(ys) < len(xs):
        return None
    return statistics.correlation(xs, ys) ** 2


def _holds(goal: Goal, value: float, bound: float) -> bool:
    return value <= bound if goal.at_most is not None else value >= bound


def _other(goal: Goal, result: Result, peers: Iterable[str]) -> tuple[float | None, str]:
    """Return the figure that ours is compared with, and whose it is; None where there is none."""
    if goal.times is None:
        return None, ""
    names: Sequence[str] = list(peers) if goal.times == BEST_PEER else [goal.times]
    found = [
        (value, row.title)
        for row in result.rows
        if row.server in names and (value := row.medians.get(goal.figure)) is not None
    ]
    if not found:
        return None, ""
    return max(found) if FIGURES[goal.figure].more_is_better else min(found)


def _missing(goal: Goal, result: Result | None, ours: float | None) -> str:
    if result is None:
        return "not measured"
    if ours is None:
        row = next((row for row in result.rows if row.server == goal.of), None)
        return f"failed: {row.failure}" if row and row.failure else "not measured"
    return "nothing to compare with"
