"""Starts a program that attacks, and tells it when it is enough."""

import json
import os
import selectors
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.hostile.scale import TIMEOUT

ROOT = Path(__file__).parents[2]

Report = dict[str, float]
"""Figures that an attacker tells."""


class Attack:
    """A program that attacks.

    Args:
        process: it, with pipes.
    """

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        assert process.stdout is not None
        self._out = process.stdout
        self._rest = b""

    def report(self, seconds: float = TIMEOUT) -> Report:
        """Waits for the next figures that it tells, and returns them."""
        deadline = time.monotonic() + seconds
        with selectors.DefaultSelector() as selector:
            selector.register(self._out, selectors.EVENT_READ)
            while b"\n" not in self._rest:
                assert selector.select(deadline - time.monotonic()), "the attacker says nothing"
                chunk = os.read(self._out.fileno(), 65536)
                assert chunk, f"the attacker has ended with status {self._process.wait()}"
                self._rest += chunk
        line, self._rest = self._rest.split(b"\n", 1)
        report: Report = json.loads(line)
        return report

    def go(self) -> None:
        """Tells it to go on, if it waits for that."""
        assert self._process.stdin is not None
        self._process.stdin.write(b"\n")
        self._process.stdin.flush()

    def enough(self) -> Report:
        """Tells it to end, and returns the last figures that it tells."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        return self.report()


@contextmanager
def attack(kind: str, port: int, **options: object) -> Iterator[Attack]:
    """Runs an attacker, and sees that it ends without a fault.

    Args:
        kind: the module of `attackers`.
        port: where the server listens.
        **options: what it is told.
    """
    words = [f"tests.hostile.attackers.{kind}", json.dumps({"port": port, **options})]
    process = subprocess.Popen(
        [sys.executable, "-m", *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    )
    try:
        with process:
            yield Attack(process)
            assert process.stdin is not None
            process.stdin.close()
            assert process.wait(TIMEOUT) == 0
    except BaseException:
        process.kill()
        raise
