"""A program in a pseudo-terminal, and what a person sees on its screen."""

import os
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Self

import pexpect
import pyte

from tests.serving import PROGRAM, environment

DEADLINE = 20.0
"""Seconds after which what a test waits for has failed."""

CTRL_C = "\x03"
CTRL_D = "\x04"
CTRL_Z = "\x1a"
TAB = "\t"
UP = "\x1b[A"


class Screen:
    """Runs `chatroom` with some arguments and shows its output on a screen of 100 by 30.

    Args:
        arguments: the words behind `chatroom`.
        program: another program to run in its place.
        env: what stands in the environment besides the usual.
    """

    def __init__(
        self,
        *arguments: str,
        program: Sequence[str] = PROGRAM,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self._screen = pyte.HistoryScreen(100, 30, history=1000)
        self._stream = pyte.ByteStream(self._screen)
        self.raw = b""
        """Every byte of the output so far."""
        with warnings.catch_warnings():
            # Python 3.12+ warns of a fork in a process with threads; the child only execs.
            warnings.simplefilter("ignore", DeprecationWarning)
            self._child: pexpect.spawn[bytes] = pexpect.spawn(
                program[0],
                [*program[1:], *arguments],
                env=environment({"TERM": "xterm-256color"} | dict(env or {})),
                dimensions=(30, 100),
                echo=True,
            )
        self._child.delaybeforesend = None

    def __enter__(self) -> Self:
        """Returns itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Ends the program if it still runs."""
        self._child.close(force=True)

    @property
    def pid(self) -> int:
        """The process."""
        assert self._child.pid is not None
        return self._child.pid

    @property
    def lines(self) -> list[str]:
        """What stands on the screen, line by line, without the empty rest."""
        lines = [line.rstrip() for line in self._screen.display]
        while lines and not lines[-1]:
            lines.pop()
        return lines

    @property
    def text(self) -> str:
        """What stands on the screen, as one text."""
        return "\n".join(self.lines)

    @property
    def cursor(self) -> tuple[int, int]:
        """Line and column of the cursor, from 0."""
        return self._screen.cursor.y, self._screen.cursor.x

    def type(self, keys: str) -> None:
        """Hits keys, without Enter."""
        self._child.send(keys)

    def enter(self, line: str) -> None:
        """Hits keys and Enter."""
        self._child.send(line + "\r")

    def signal(self, number: int) -> None:
        """Sends the program a signal."""
        os.kill(self.pid, number)

    def wait_for(self, text: str, *, times: int = 1) -> None:
        """Waits until `text` stands on the screen, as often as said."""
        self.wait_until(lambda: self.text.count(text) >= times, f"{text!r} on the screen")

    def wait_until(self, condition: Callable[[], bool], what: str) -> None:
        """Feeds the screen until a condition on it holds."""
        deadline = time.monotonic() + DEADLINE
        while not condition():
            try:
                self._feed(deadline)
            except (pexpect.EOF, pexpect.TIMEOUT) as error:
                raise AssertionError(f"no {what}; there is:\n{self.text}") from error

    def wait_for_exit(self) -> int:
        """Waits until the program has ended and returns its exit status."""
        deadline = time.monotonic() + DEADLINE
        try:
            while True:
                self._feed(deadline)
        except pexpect.EOF:
            self._child.wait()
        status = self._child.exitstatus
        assert isinstance(status, int), f"ended by signal {self._child.signalstatus}"
        return status

    def _feed(self, deadline: float) -> None:
        data = self._child.read_nonblocking(65536, max(0.0, deadline - time.monotonic()))
        self.raw += data
        self._stream.feed(data)
