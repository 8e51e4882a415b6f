"""How far something is, on a terminal and elsewhere."""

import io
import threading

import pyte

from chatroom.ui.progress import THREAD_NAME, LineProgress, TerminalProgress, progress_on


class FakeTerminal(io.StringIO):
    """A stream that says it is a terminal of 80 columns, and keeps what is written."""

    def isatty(self) -> bool:
        """Say so."""
        return True


def test_without_a_terminal_there_is_a_line_now_and_then() -> None:
    stream = io.StringIO()
    bar = progress_on(stream)
    assert isinstance(bar, LineProgress)
    with bar:
        for step in range(100):
            bar.show(step / 100, f"step {step}")
    assert stream.getvalue() == "  0% step 0\n"


def test_every_line_is_one_line() -> None:
    stream = io.StringIO()
    with LineProgress(stream, seconds=0.0) as bar:
        bar.show(0.5, "half\nway \x1b[2J")
        bar.show(1.0, "done")
    assert stream.getvalue().count("\n") == 2
    assert "\x1b" not in stream.getvalue()
    assert stream.getvalue().endswith("100% done\n")


def test_a_terminal_has_a_bar_with_a_text_above_it() -> None:
    stream = FakeTerminal()
    bar = progress_on(stream)
    assert isinstance(bar, TerminalProgress)
    with bar:
        assert THREAD_NAME in {thread.name for thread in threading.enumerate()}
        bar.show(0.125, "begun")
        bar.show(0.5, "half\nway")
    screen = pyte.Screen(80, 24)
    pyte.Stream(screen).feed(stream.getvalue())
    text, line = (row.rstrip() for row in screen.display[:2])
    assert text == "half␊way"
    assert line.startswith("[=====")
    assert " 50.0% " in line
    assert THREAD_NAME not in {thread.name for thread in threading.enumerate()}
