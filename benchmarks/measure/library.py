"""How fast a program with the client library can read."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from benchmarks import interrupts
from benchmarks.load.station import LoadFailed
from benchmarks.measure.measured import Measured
from benchmarks.paths import ROOT
from benchmarks.scenarios import Library

SECONDS = 120.0
"""How long the reader may take."""


def measure(scenario: Library) -> Measured:
    """Play messages to a reader and return the figures.

    Raises:
        LoadFailed: the reader did not get them all.
    """
    words = [str(scenario.messages), str(scenario.text_bytes)]
    with started("player", words) as player:
        assert player.stdout is not None
        port = player.stdout.readline().strip()
        with started("reader", [port, words[0]]) as reader:
            try:
                said, _ = reader.communicate(timeout=SECONDS)
            except subprocess.TimeoutExpired:
                raise LoadFailed(f"The reader had not got all in {SECONDS:g} s.") from None
    if reader.returncode:
        raise LoadFailed("The reader failed; its error stands above.")
    seconds, used = (float(word) for word in said.split())
    read = scenario.messages - 1
    return Measured({"messages_per_s": read / seconds, "reader_cpu_us": 1e6 * used / read})


@contextmanager
def started(module: str, words: Sequence[str]) -> Iterator[subprocess.Popen[str]]:
    """Run one of the two programs; it is ended with the block, if it has not ended by itself."""
    process = None
    try:
        with interrupts.held():
            process = subprocess.Popen(
                [sys.executable, "-m", f"benchmarks.measure.{module}", *words],
                cwd=ROOT,
                stdout=subprocess.PIPE,
                text=True,
                start_new_session=True,
            )
        yield process
    finally:
        if process is not None:
            process.kill()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()
