"""The engine that follows the coverage: atheris, libFuzzer for Python, in a process of its own.

What has led to new edges is kept as a corpus, with which the next run begins.
"""

import re
import subprocess
import sys
import time
from pathlib import Path

from fuzzing.blind import HANG_SECONDS
from fuzzing.report import Report
from fuzzing.targets import load

MEMORY_MIB = 1024
"""With more than that an input counts as one that leaks."""

_STATUS = re.compile(r"^#(\d+)\s+\w+\s+(?:cov: (\d+))?.*?rss: (\d+)Mb", re.MULTILINE)
_BEGUN = re.compile(r"^#\d+\s+INITED", re.MULTILINE)
_WRITTEN = re.compile(r"Test unit written to (\S+)")


def run(name: str, inputs: int, seed: int, folder: Path, corpus: Path) -> Report:
    """Put inputs through a target. The first fault ends the run.

    Args:
        name: the target.
        inputs: how many.
        seed: decides which; never 0, which libFuzzer takes for any.
        folder: where those go that find a fault.
        corpus: where what leads to new edges is kept.
    """
    target = load(name)
    into = folder / name
    for path in (corpus, into):
        path.mkdir(parents=True, exist_ok=True)
    seeds = corpus.with_name(f"{name}-seeds")
    seeds.mkdir(exist_ok=True)
    for number, data in enumerate(target.seeds):
        (seeds / f"{number:04}").write_bytes(data)
    words = corpus.with_name(f"{name}.dict")
    words.write_text("".join(f'"{_escaped(token)}"\n' for token in target.tokens))
    options = {
        "runs": inputs,
        "seed": seed or 1,
        "max_len": target.longest,
        "timeout": int(HANG_SECONDS),
        "rss_limit_mb": MEMORY_MIB,
        "dict": words,
        "artifact_prefix": f"{into}/",
        "print_final_stats": 0,
    }
    start = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "fuzzing.followed", name, str(corpus), str(seeds)]
        + [f"-{key}={value}" for key, value in options.items()],
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        check=False,
    )
    return _report(name, done.stderr, done.returncode, time.monotonic() - start)


def _escaped(token: bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in token)


def _report(name: str, said: str, status: int, seconds: float) -> Report:
    """Read what libFuzzer has said."""
    lines = [
        (int(number), int(edges or 0), int(rss)) for number, edges, rss in _STATUS.findall(said)
    ]
    found = tuple(_WRITTEN.findall(said))
    complaint = ""
    if (status and not found) or not lines:
        complaint = f"atheris ended with {status}: {said[-2000:]}"
    if not lines:
        return Report(name, "guided", 0, seconds, 0, found, complaint=complaint)
    begun = _BEGUN.search(said)
    first = _STATUS.match(said, begun.start()) if begun else None
    edges = (int(first[2] or 0) if first else lines[0][1], lines[-1][1])
    late = [rss for number, _, rss in lines if number >= lines[-1][0] / 10]
    grown = (lines[-1][2] - late[0]) * 1024
    return Report(name, "guided", lines[-1][0], seconds, grown, found, edges, complaint)
