"""How fast a program with the client library can read."""

import subprocess
import sys
from collections.abc import Sequence

from benchmarks.load.station import LoadFailed
from benchmarks.measure.measured import Measured
from benchmarks.paths import ROOT
from benchmarks.scenarios import Library

SECONDS = 120.0


def measure(scenario: Library) -> Measured:
    """Play messages to a reader and return the figures.

    Raises:
        LoadFailed: the reader did not get them all.
    """
    words = [str(scenario.messages), str(scenario.text_bytes)]
    player = _start("player", words)
    assert player.stdout is not None
    try:
        port = player.stdout.readline().strip()
        reader = _start("reader", [port, words[0]])
        try:
            said, _ = reader.communicate(timeout=SECONDS)
        finally:
            _end(reader)
    finally:
        _end(player)
    if reader.returncode:
        raise LoadFailed("The reader did not get all messages; its error stands above.")
    seconds, used = (float(word) for word in said.split())
    read = scenario.messages - 1
    return Measured({"messages_per_s": read / seconds, "reader_cpu_us": 1e6 * used / read})


def _start(module: str, words: Sequence[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", f"benchmarks.measure.{module}", *words],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def _end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.wait()
    if process.stdout is not None:
        process.stdout.close()
