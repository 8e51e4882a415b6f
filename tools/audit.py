"""Looks up whether holes are known in what the lock file installs: `python -m tools.audit`.

That needs data from outside. Where they cannot be reached it says so and ends well, so that the
project can be built and tested offline; what is known is then not known here.
"""

import json
import subprocess  # nosec B404  # it runs a tool with words of our own
import sys
from pathlib import Path
from typing import NamedTuple

LOCK = Path(__file__).parents[1] / "requirements-dev.txt"
"""The lock file that holds whatever the others hold."""

COMMAND = (
    *(sys.executable, "-m", "pip_audit", "--requirement", str(LOCK), "--require-hashes"),
    *("--disable-pip", "--format", "json", "--progress-spinner", "off", "--timeout", "10"),
)

SECONDS = 120
"""How long all of it may take."""

UNREACHED = "pip-audit: nothing was looked up, as its data cannot be reached"

_NO_NETWORK = ("connect", "timed out", "resolve", "unreachable")


class Verdict(NamedTuple):
    """What came of it."""

    sentences: tuple[str, ...]
    failed: bool


def judge(output: str, errors: str) -> Verdict:
    """Says what a run of pip-audit found.

    Args:
        output: its standard output.
        errors: its standard error.
    """
    try:
        packages = json.loads(output)["dependencies"]
    except ValueError:
        if any(word in errors.lower() for word in _NO_NETWORK):
            return Verdict((f"{UNREACHED}.",), failed=False)
        return Verdict((f"pip-audit failed: {errors.strip()}",), failed=True)
    looked_up = [package for package in packages if "vulns" in package]
    holes = tuple(
        f"{package['name']} {package['version']} has the known hole {hole['id']}; take up "
        f"{' or '.join(hole['fix_versions']) or 'another package'} with 'make lock'."
        for package in looked_up
        for hole in package["vulns"]
    )
    if not looked_up:
        return Verdict((f"{UNREACHED}.",), failed=False)
    count = f"pip-audit: {len(looked_up)} of {len(packages)} packages were looked up."
    return Verdict((*holes, count), failed=bool(holes))


def main() -> int:
    """Looks it up and returns the exit status."""
    try:
        done = subprocess.run(  # nosec B603  # words of our own
            COMMAND, capture_output=True, text=True, timeout=SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        print(f"{UNREACHED} within {SECONDS} seconds.")
        return 0
    verdict = judge(done.stdout, done.stderr)
    print(*verdict.sentences, sep="\n")
    return int(verdict.failed)


if __name__ == "__main__":
    sys.exit(main())
