"""Runs scenarios round by round, each server in turn."""

import datetime as dt
import subprocess
from collections.abc import Callable, Iterable, Sequence

from benchmarks.load.crew import Crew
from benchmarks.load.station import LoadFailed
from benchmarks.measure import idle, library, resume, start, talk
from benchmarks.measure.measured import Measured
from benchmarks.results import Result, Round, Row
from benchmarks.scenarios import AnyScenario, Idle, Library, Pairs, Resume, Room, Start
from benchmarks.servers.recipe import Recipe
from benchmarks.servers.running import NotStarted

Report = Callable[[str], None]
"""Called with a line that says how far it is."""


def run(
    scenario: AnyScenario,
    recipes: Sequence[Recipe],
    crew: Crew,
    *,
    rounds: int,
    open_files: int,
    report: Report,
) -> Result:
    """Put servers through a scenario.

    The servers take turns, and each round begins with another one, so that a machine that becomes
    slower or faster meanwhile does so for all alike. A server that has failed gets no further turn.

    Args:
        scenario: which.
        recipes: the servers.
        crew: the load generator.
        rounds: how often.
        open_files: how many files a process may open.
        report: told what is going on.
    """
    left_out = {each.name: _why_not(scenario, each, open_files) for each in recipes}
    done: dict[str, list[Round]] = {each.name: [] for each in recipes}
    for number in range(rounds):
        turn = number % len(recipes)
        for recipe in [*recipes[turn:], *recipes[:turn]]:
            own = done[recipe.name]
            if left_out[recipe.name] or any(each.failure for each in own):
                continue
            report(f"{scenario.name}: round {number + 1} of {rounds}, {recipe.title}")
            own.append(_round(scenario, recipe, crew, report))
    rows = [
        Row(each.name, each.title, tuple(done[each.name]), left_out[each.name]) for each in recipes
    ]
    today = dt.datetime.now(tz=dt.UTC).date().isoformat()
    return Result(scenario.name, scenario.title, today, tuple(rows))


def _round(scenario: AnyScenario, recipe: Recipe, crew: Crew, report: Report) -> Round:
    try:
        measured = measure(scenario, recipe, crew)
    except (LoadFailed, NotStarted, OSError, subprocess.SubprocessError) as failure:
        report(f"{scenario.name}: {recipe.title} failed: {failure}")
        crew.restart()
        return Round(failure=str(failure))
    return Round(measured.figures, measured.note)


def measure(scenario: AnyScenario, recipe: Recipe, crew: Crew) -> Measured:
    """Put a server through a scenario once.

    Raises:
        NotStarted: the server did not start.
        LoadFailed: not everything went as it has to; its sentence says what.
    """
    match scenario:
        case Room() | Pairs():
            return talk.measure(scenario, recipe, crew)
        case Idle():
            return idle.measure(scenario, recipe, crew)
        case Resume():
            return resume.measure(scenario, recipe, crew)
        case Start():
            return start.measure(scenario, recipe)
        case Library():
            return library.measure(scenario)


def _why_not(scenario: AnyScenario, recipe: Recipe, open_files: int) -> str:
    """Return why a server cannot be put through a scenario, "" if it can."""
    clients = _clients(scenario)
    most = recipe.most_clients
    if most is not None and clients > most:
        return f"it holds no more than {most:,} clients"
    if clients + SPARE_FILES > open_files:
        return f"a process may open no more than {open_files:,} files here"
    return ""


SPARE_FILES = 200
"""How many files a server opens beside its clients' sockets, at most."""


def _clients(scenario: AnyScenario) -> int:
    match scenario:
        case Room() | Idle():
            return scenario.clients
        case Pairs():
            return 2 * scenario.pairs
        case Resume():
            return scenario.returning + scenario.staying
        case _:
            return 1


def chosen(
    scenario: AnyScenario, recipes: Iterable[Recipe], only: Sequence[str] = ()
) -> list[Recipe]:
    """Return the servers that a scenario names, and of these only some if any are given."""
    return [
        recipe
        for recipe in recipes
        if recipe.name in scenario.servers and (not only or recipe.name in only)
    ]
