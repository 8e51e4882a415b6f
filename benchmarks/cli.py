"""The command line: `python -m benchmarks`."""

import argparse
import contextlib
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from benchmarks import interrupts
from benchmarks.goals import OURS
from benchmarks.load.crew import Crew, default_size
from benchmarks.machine import raise_open_files, this_machine
from benchmarks.paths import HERE, WORK
from benchmarks.report import tables
from benchmarks.results import Results, read_results
from benchmarks.rounds import chosen, run
from benchmarks.scenarios import AnyScenario, Plan, read_plan
from benchmarks.servers.catalogue import RECIPES
from benchmarks.servers.recipe import Recipe

ROUNDS = 5
QUICK_ROUNDS = 3
QUICK_SECONDS = 1.0
QUICK_SERVERS = (OURS, "loop", "floor")
"""What `make bench-quick` compares: nothing that would have to be installed."""

FAILED = 1
INTERRUPTED = 130


def main(words: Sequence[str] | None = None) -> int:
    """Measure what the command line says; return the exit status."""
    options = _parser().parse_args(words)
    if options.publish and (options.scale != 1 or options.quick):
        sys.exit("Only scenarios of full size are published; leave --scale and --quick out.")
    interrupts.install()
    plan = read_plan()
    if options.list:
        print(_listed(plan))
        return 0
    peers = [name for name, recipe in RECIPES.items() if recipe.peer]
    try:
        results = read_results(options.report) if options.report else _measure(options, plan)
    except KeyboardInterrupt:
        print("Stopped; nothing was written.", file=sys.stderr)
        return INTERRUPTED
    if results.scale != 1:
        print(f"All is smaller than it says, by a factor of {results.scale:g}.\n")
    if options.quick:
        print(tables.ratios(results, QUICK_SERVERS[1:]))
    else:
        print(tables.scenarios(plan, results), tables.sweeps(plan, results), sep="\n")
        print(tables.goals(plan, results, peers))
    results.write(options.json)
    print(f"All rounds are in {options.json}.", file=sys.stderr)
    if options.publish:
        _publish(plan, results, peers)
    elif options.plots:
        _draw(plan, results, options.plots)
    return _status(results)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Puts chatroom and other servers through the same scenarios.",
    )
    add = parser.add_argument
    add("--list", action="store_true", help="show the scenarios and servers there are, and end")
    add("--scenario", nargs="+", default=[], metavar="NAME", help="only these, sweeps too")
    add("--server", nargs="+", default=[], choices=RECIPES, metavar="NAME", help="only these")
    add("--rounds", type=_positive, help=f"how often, {ROUNDS} unless given")
    add("--scale", type=float, default=1.0, help="how much smaller all is, to try the yardstick")
    add("--processes", type=_positive, default=default_size(), help="how many make the load")
    add("--quick", action="store_true", help="a few scenarios, against the floor and a plain loop")
    add("--json", type=Path, default=WORK / "results.json", help="where all rounds are kept")
    add("--plots", type=Path, metavar="FOLDER", help="draw plots, with matplotlib")
    add("--report", type=Path, metavar="JSON", help="measure nothing, show what was kept")
    add("--publish", action="store_true", help="put tables and plots into benchmarks/README.md")
    return parser


def _positive(word: str) -> int:
    value = int(word)
    if value < 1:
        raise argparse.ArgumentTypeError("it is 1 at least")
    return value


def _listed(plan: Plan) -> str:
    lines = [f"{each.name:18} {each.title}" for each in (*plan.scenarios, *plan.sweeps)]
    return "\n".join(["Scenarios:", *lines, "Servers:", *RECIPES])


def _measure(options: argparse.Namespace, plan: Plan) -> Results:
    wanted = _wanted(options, plan)
    versions = {name: recipe.version() for name, recipe in RECIPES.items()}
    found = [recipe for name, recipe in RECIPES.items() if versions[name] is not None]
    _say_what_is_found(versions)
    results = Results(
        this_machine(),
        {each.title: version for each in found if (version := versions[each.name]) is not None},
        scale=options.scale,
    )
    open_files = raise_open_files()
    rounds = options.rounds or (QUICK_ROUNDS if options.quick else ROUNDS)
    with Crew(options.processes) as crew:
        for scenario in wanted:
            recipes = chosen(scenario, found, options.server)
            if recipes:
                result = run(
                    scenario, recipes, crew, rounds=rounds, open_files=open_files, report=_report
                )
                results.scenarios[scenario.name] = result
    return results


def _wanted(options: argparse.Namespace, plan: Plan) -> list[AnyScenario]:
    """Return the scenarios to run, each as large as it is to be."""
    names = options.scenario
    known = {each.name for each in (*plan.scenarios, *plan.sweeps)}
    unknown = [name for name in names if name not in known]
    if unknown:
        sys.exit(f"There is no scenario called {unknown[0]}; --list shows them.")
    wanted: list[AnyScenario] = [each for each in plan.scenarios if not names or each.name in names]
    if options.quick:
        wanted = [_quick(each) for each in wanted if each.quick]
    else:
        for sweep in plan.sweeps:
            if not names or sweep.name in names:
                wanted += sweep.points()
    return [_scaled(each, options.scale) for each in wanted]


def _quick(scenario: AnyScenario) -> AnyScenario:
    return msgspec.structs.replace(scenario, seconds=QUICK_SECONDS, servers=QUICK_SERVERS)


def _scaled(scenario: AnyScenario, scale: float) -> AnyScenario:
    return scenario if scale == 1 else scenario.scaled(scale)


def _say_what_is_found(versions: dict[str, str | None]) -> None:
    for name, version in versions.items():
        recipe: Recipe = RECIPES[name]
        if version is not None:
            _report(f"found {recipe.title} {version}")
        else:
            _report(f"there is no {recipe.title}; to get it: {recipe.obtain}")


def _report(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _draw(plan: Plan, results: Results, folder: Path) -> list[tuple[str, Path]]:
    try:
        from benchmarks.report import plots  # noqa: PLC0415 - matplotlib may not be there
    except ModuleNotFoundError as missing:
        sys.exit(f"There is no {missing.name}; `make bench` brings what plots need.")
    return plots.draw(plan, results, folder)


def _publish(plan: Plan, results: Results, peers: Sequence[str]) -> None:
    """Put results into the page, beside those of scenarios that were not run this time."""
    from benchmarks.report import page  # noqa: PLC0415

    kept = HERE / "results.json"
    with contextlib.suppress(FileNotFoundError):
        results = read_results(kept).merged(results)
    results.write(kept)
    drawn = _draw(plan, results, HERE / "plots")
    plots = [(title, str(path.relative_to(HERE))) for title, path in drawn]
    page.put(HERE / "README.md", page.results_part(plan, results, peers, plots))


def _status(results: Results) -> int:
    failed = [row for each in results.scenarios.values() for row in each.rows if row.failure]
    return FAILED if failed else 0
