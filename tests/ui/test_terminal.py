"""The terminal, with keys from a pipe and a screen in memory."""

import io
import re
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from prompt_toolkit.data_structures import Size
from prompt_toolkit.input import PipeInput, create_pipe_input
from prompt_toolkit.output.vt100 import Vt100_Output
from prompt_toolkit.shortcuts import PromptSession

from chatroom.ui import terminal as terminal_module
from chatroom.ui.completion import Completed, complete
from chatroom.ui.terminal import Terminal, nothing_to_complete

DEADLINE = 10.0


class Paper(io.StringIO):
    """What has been drawn, and a way to wait for it."""

    def __init__(self) -> None:
        super().__init__()
        self._written = threading.Condition()

    def write(self, text: str) -> int:
        """Takes what is drawn."""
        with self._written:
            self._written.notify_all()
            return super().write(text)

    def wait_for(self, text: str, *, behind: str = "") -> None:
        """Waits until `text` has been drawn, behind something else if said."""
        with self._written:
            found = self._written.wait_for(
                lambda: text in self.getvalue()[self.getvalue().find(behind) :], DEADLINE
            )
        assert found, f"no {text!r} in {self.getvalue()!r}"


class Desk:
    """A terminal with its keys and its paper."""

    def __init__(self, keys: PipeInput) -> None:
        self.keys = keys
        self.paper = Paper()
        self.columns = 80
        screen = Vt100_Output(self.paper, lambda: Size(30, self.columns), enable_cpr=False)
        self.terminal = Terminal(keys, screen)

    @contextmanager
    def meanwhile(self, do: Callable[[], None]) -> Iterator[None]:
        """Does something in another thread; if that fails, so do the questions, and the test."""
        with ThreadPoolExecutor(1, "test-other") as threads:
            doing = threads.submit(do)
            doing.add_done_callback(self._hang_up_on_failure)
            try:
                yield
            finally:
                doing.result(DEADLINE)

    def _hang_up_on_failure(self, done: Future[None]) -> None:
        if done.exception() is not None:
            self.terminal.hang_up()


@pytest.fixture
def desk() -> Iterator[Desk]:
    with create_pipe_input() as keys:
        desk = Desk(keys)
        desk.terminal.complete = lambda line: complete(line, ["alice", "albert", "bob"])
        yield desk


def test_a_question_is_answered(desk: Desk) -> None:
    desk.keys.send_text("bob\r")
    assert desk.terminal.ask("Username: ") == "bob"
    assert "Username:" in desk.paper.getvalue()


def test_a_hidden_answer_is_not_shown(desk: Desk) -> None:
    desk.keys.send_text("secret\r")
    assert desk.terminal.ask_hidden("Password: ") == "secret"
    assert "secret" not in desk.paper.getvalue()


def test_a_hidden_answer_is_not_in_the_history(desk: Desk) -> None:
    """Neither Up on the next question nor on an operation brings a password back."""
    desk.keys.send_text("secret\r")
    desk.terminal.ask_hidden("Password: ")
    desk.keys.send_text("\x1b[A\r")
    assert desk.terminal.ask("Username: ") == ""
    desk.keys.send_text("\x1b[A\r")
    assert desk.terminal.ask_line("> ") == ""


def test_up_brings_the_last_line_back(desk: Desk) -> None:
    desk.keys.send_text("PM hello\r")
    desk.terminal.ask_line("> ")
    desk.keys.send_text("\x1b[A\r")
    assert desk.terminal.ask_line("> ") == "PM hello"


@pytest.mark.parametrize(("key", "error"), [("\x03", KeyboardInterrupt), ("\x04", EOFError)])
def test_keys_that_leave(desk: Desk, key: str, error: type[BaseException]) -> None:
    desk.keys.send_text(key)
    with pytest.raises(error):
        desk.terminal.ask_in_passing("Message: ")


def test_without_a_question_lines_are_written_at_once(desk: Desk) -> None:
    desk.terminal.show(["one", "two"])
    assert "one\ntwo\n" in desk.paper.getvalue()


def test_lines_are_cut_to_the_width_of_the_moment(desk: Desk) -> None:
    desk.terminal.show(["word " * 20])
    desk.columns = 40
    desk.terminal.show(["word " * 20])
    counts = [row.count("word") for row in desk.paper.getvalue().splitlines()]
    assert [count for count in counts if count] == [16, 4, 8, 6, 6]


def test_the_terminal_itself_cuts_nothing(desk: Desk) -> None:
    """It may take characters for wider than we do, and would go on in column 0."""
    desk.terminal.show(["one"])
    assert "\x1b[?7lone\n\x1b[?7h" in desk.paper.getvalue()


def test_lines_are_written_while_a_question_is_asked(desk: Desk) -> None:
    """The prompt is drawn again behind them, and what has been typed is not lost."""

    def other() -> None:
        desk.paper.wait_for(">")
        desk.keys.send_text("PM ha")
        desk.paper.wait_for("ha")
        desk.terminal.show(["bob: hi"])
        desk.paper.wait_for("PM ha", behind="bob: hi")
        desk.keys.send_text("lf\r")

    with desk.meanwhile(other):
        assert desk.terminal.ask_line("> ") == "PM half"


def just_before_questions(monkeypatch: pytest.MonkeyPatch, do: Callable[[], None]) -> None:
    """Has something done when a question is about to be asked and nothing can be woken yet."""
    prompt = PromptSession.prompt

    def late(session: PromptSession[str], *arguments: Any, **options: Any) -> str:
        do()
        return prompt(session, *arguments, **options)

    monkeypatch.setattr(PromptSession, "prompt", late)


def test_a_line_that_comes_as_the_question_begins_is_not_held_back(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def other() -> None:
        desk.paper.wait_for("early bird")
        desk.keys.send_text("\r")

    just_before_questions(monkeypatch, lambda: desk.terminal.show(["early bird"]))
    with desk.meanwhile(other):
        assert desk.terminal.ask_line("> ") == ""


def test_a_hanging_up_that_comes_as_the_question_begins_ends_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    just_before_questions(monkeypatch, desk.terminal.hang_up)
    with pytest.raises(EOFError):
        desk.terminal.ask_line("> ")


def test_tab_completes(desk: Desk) -> None:
    desk.keys.send_text("d\tb\thi\r")
    assert desk.terminal.ask_line("> ") == "DM bob hi"


def test_tab_lists_what_is_not_clear(desk: Desk) -> None:
    def other() -> None:
        desk.paper.wait_for("alice  albert")
        desk.keys.send_text("\r")

    desk.keys.send_text("DM al\t")
    with desk.meanwhile(other):
        assert desk.terminal.ask_line("> ") == "DM al"


def test_tab_lists_a_crowd_in_part(desk: Desk) -> None:
    def other() -> None:
        desk.paper.wait_for("and 900 others")
        desk.keys.send_text("\r")

    desk.terminal.complete = lambda _: Completed("", "", ("name",) * 1000)
    desk.keys.send_text("\t")
    with desk.meanwhile(other):
        desk.terminal.ask_line("> ")


def test_tab_does_nothing_unless_told(desk: Desk) -> None:
    desk.terminal.complete = nothing_to_complete
    desk.keys.send_text("D\t\r")
    assert desk.terminal.ask_line("> ") == "D"


def test_hanging_up_ends_the_question(desk: Desk) -> None:
    def other() -> None:
        desk.paper.wait_for(">")
        desk.terminal.hang_up()

    with desk.meanwhile(other), pytest.raises(EOFError):
        desk.terminal.ask_line("> ")


def test_after_hanging_up_there_are_no_questions(desk: Desk) -> None:
    desk.terminal.hang_up()
    with pytest.raises(EOFError):
        desk.terminal.ask("Username: ")


def test_who_shows_too_much_waits_and_nothing_is_lost(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terminal_module, "PENDING", 10)

    def other() -> None:
        desk.paper.wait_for(">")
        for n in range(1000):
            desk.terminal.show([f"line {n}."])
        desk.keys.send_text("\r")

    with desk.meanwhile(other):
        desk.terminal.ask_line("> ")
    numbers = re.findall(r"line (\d+)\.", desk.paper.getvalue())
    assert numbers == [str(n) for n in range(1000)]


def test_lines_shown_while_questions_come_and_go_are_all_written(desk: Desk) -> None:
    """Whether a question is just beginning, asked, or just answered."""
    questions = 50
    done = threading.Event()
    shown = 0

    def other() -> None:
        nonlocal shown
        while not done.is_set():
            desk.terminal.show([f"line {shown}."])
            shown += 1

    with desk.meanwhile(other):
        for n in range(questions):
            desk.keys.send_text(f"{n}\r")
            assert desk.terminal.ask_line("> ") == str(n)
        done.set()
    numbers = re.findall(r"line (\d+)\.", desk.paper.getvalue())
    assert numbers == [str(n) for n in range(shown)]


def test_without_a_real_terminal_there_are_no_keys_to_keep(desk: Desk) -> None:
    with desk.terminal.keys_kept():
        desk.terminal.show(["fine"])


class Notice:
    """Something above the question; it is due after some seconds."""

    def __init__(self, *rows: str, due: float = 0.0) -> None:
        self.shown = rows
        self.size = (0, 0)
        self._due = time.monotonic() + due

    def rows(self, columns: int, height: int) -> tuple[str, ...]:
        """Returns the rows once they are due."""
        self.size = (columns, height)
        return self.shown if self.next_due() is None else ()

    def next_due(self) -> float | None:
        """Returns the seconds until then."""
        seconds = self._due - time.monotonic()
        return seconds if seconds > 0 else None


def test_what_is_above_the_question_comes_and_goes_with_it(desk: Desk) -> None:
    notice = desk.terminal.above = Notice("  ... one", "  ... two")

    def other() -> None:
        desk.paper.wait_for(">", behind="... two")
        notice.shown = ()
        desk.terminal.show(["bob: hi"])
        desk.paper.wait_for(">", behind="bob: hi")
        desk.keys.send_text("\r")

    with desk.meanwhile(other):
        desk.terminal.ask_line("> ")
    assert notice.size == (80, 30)
    before, _, behind = desk.paper.getvalue().partition("bob: hi")
    assert before.index("... one") < before.index("... two") < before.index(">")
    assert "..." not in behind


def test_to_show_nothing_draws_what_is_above_anew(desk: Desk) -> None:
    notice = desk.terminal.above = Notice("  ... one")

    def other() -> None:
        desk.paper.wait_for(">", behind="... one")
        notice.shown = ("  ... two",)
        desk.terminal.show([])
        desk.paper.wait_for("two", behind="... one")
        desk.keys.send_text("\r")

    with desk.meanwhile(other):
        desk.terminal.ask_line("> ")


def test_what_is_due_later_is_drawn_then_without_a_key(desk: Desk) -> None:
    desk.terminal.above = Notice("  ... late", due=0.2)

    def other() -> None:
        desk.paper.wait_for("... late", behind=">")
        desk.keys.send_text("\r")

    with desk.meanwhile(other):
        desk.terminal.ask_line("> ")


def test_what_is_due_after_the_answer_is_not_drawn(desk: Desk) -> None:
    desk.terminal.above = Notice("  ... late", due=60.0)
    desk.keys.send_text("\r")
    desk.terminal.ask_line("> ")
    assert "late" not in desk.paper.getvalue()
