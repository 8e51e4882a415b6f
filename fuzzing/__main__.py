"""The command line: `python -m fuzzing --target decoder --inputs 1000000 --seed 7`."""

import argparse
import importlib.util
import sys
from pathlib import Path

from fuzzing import blind, guided
from fuzzing.found import FOUND
from fuzzing.targets import NAMES, load

_WORK = Path(__file__).parents[1] / "build" / "fuzzing"


def main(words: list[str] | None = None) -> int:
    """Run what the command line says; return 1 if something was found."""
    options = _parser().parse_args(words)
    if options.replay:
        for path in options.replay:
            load(options.target[0]).run(path.read_bytes())
        print(f"{len(options.replay)} inputs find nothing.")
        return 0
    guide = options.engine == "guided" or (
        options.engine == "auto" and importlib.util.find_spec("atheris") is not None
    )
    good = True
    for name in options.target:
        engine = guided.run if guide else blind.run
        corpus = options.work / "corpus" / name
        report = engine(name, options.inputs, options.seed, options.found, corpus)
        print(report, flush=True)
        good = good and report.good
    return 0 if good else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("fuzzing", description=__doc__)
    parser.add_argument(
        "--target", nargs="+", choices=NAMES, default=list(NAMES), help="what to try; all"
    )
    parser.add_argument("--inputs", type=int, default=10_000, help="how many for each; 10,000")
    parser.add_argument("--seed", type=int, default=1, help="decides which inputs; 1")
    parser.add_argument(
        "--engine",
        choices=("auto", "guided", "blind"),
        default="auto",
        help="guided by the coverage, as atheris does; blind, which is faster; whichever there is",
    )
    parser.add_argument(
        "--found", type=Path, default=FOUND, help="where inputs go that find a fault"
    )
    parser.add_argument(
        "--work", type=Path, default=_WORK, help="where the corpus is kept between runs"
    )
    parser.add_argument("--replay", type=Path, nargs="+", metavar="FILE", help="put these through")
    return parser


if __name__ == "__main__":
    sys.exit(main())
