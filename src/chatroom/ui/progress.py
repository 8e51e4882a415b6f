"""How far something is that takes a while: a bar on a terminal, a line now and then elsewhere."""

import contextlib
import threading
import time
from types import TracebackType
from typing import Protocol, Self, TextIO

from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import Output, create_output
from prompt_toolkit.output.vt100 import Vt100_Output
from prompt_toolkit.shortcuts import ProgressBar
from prompt_toolkit.shortcuts.progress_bar import ProgressBarCounter, formatters

from chatroom.ui.sanitize import clean

LINE_SECONDS = 10.0
"""How long there is no other line, where there is no terminal."""

THREAD_NAME = "progress"

_STEPS = 1000


class ShowsProgress(Protocol):
    """What shows how far something is; to be used by `with`."""

    def __enter__(self) -> Self:
        """Begins."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Ends."""

    def show(self, done: float, text: str) -> None:
        """Shows how far it is.

        Args:
            done: From 0 to 1.
            text: What is going on, on one line.
        """


def progress_on(stream: TextIO) -> ShowsProgress:
    """Returns what shows progress on a stream."""
    return TerminalProgress(stream) if stream.isatty() else LineProgress(stream)


class TerminalProgress:
    """A bar with a line of text above it.

    The terminal stays as it is, so Ctrl-C is a signal as always.

    Args:
        stream: The terminal.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._text = ""
        self._ending = contextlib.ExitStack()

    def __enter__(self) -> Self:
        """Shows the bar."""
        no_keys = self._ending.enter_context(create_pipe_input())
        before = set(threading.enumerate())
        self._bar = self._ending.enter_context(
            ProgressBar(
                title=lambda: self._text,
                formatters=[
                    formatters.Bar(),
                    formatters.Text(" "),
                    formatters.Percentage(),
                    formatters.Text(" "),
                    formatters.TimeElapsed(),
                ],
                input=no_keys,
                output=_output(self._stream),
            )
        )
        for thread in set(threading.enumerate()) - before:
            thread.name = THREAD_NAME
        self._counter: ProgressBarCounter[object] = self._bar(total=_STEPS)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Leaves the bar as it is."""
        self._ending.close()

    def show(self, done: float, text: str) -> None:
        """Shows how far it is; see `ShowsProgress`."""
        self._text = clean(text)
        self._counter.items_completed = int(done * _STEPS)
        self._bar.invalidate()


def _output(stream: TextIO) -> Output:
    output = create_output(stream)
    if isinstance(output, Vt100_Output):
        output.enable_cpr = False  # it would answer on its keyboard, where nobody reads
    return output


class LineProgress:
    """A line every few seconds.

    Args:
        stream: Where it is written.
        seconds: How long there is no other line.
    """

    def __init__(self, stream: TextIO, seconds: float = LINE_SECONDS) -> None:
        self._stream = stream
        self._seconds = seconds
        self._due = 0.0

    def __enter__(self) -> Self:
        """Returns itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Does nothing."""

    def show(self, done: float, text: str) -> None:
        """Writes a line, unless there was one just now; see `ShowsProgress`."""
        now = time.monotonic()
        if now >= self._due:
            self._due = now + self._seconds
            print(f"{done:4.0%} {clean(text)}", file=self._stream, flush=True)
