"""A terminal on which a person types while others talk.

Two threads use it. The input thread asks questions; while it does, prompt_toolkit owns the screen,
and the prompt with the half-typed line is its last line. The listening thread shows what happens:
the lines are put aside and the input thread is woken to take the prompt away, write them, and draw
the prompt again below. So only one thread ever writes while a question is on the screen, and no
third thread is needed (prompt_toolkit's own patch_stdout would start one).
"""

import contextlib
import contextvars
import sys
import termios
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, Protocol

from prompt_toolkit.application import Application
from prompt_toolkit.history import DummyHistory, History, InMemoryHistory
from prompt_toolkit.input import Input, create_input
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.output import Output, create_output
from prompt_toolkit.output.vt100 import Vt100_Output
from prompt_toolkit.shortcuts import PromptSession

from chatroom.ui.completion import Completed
from chatroom.ui.wrap import wrap

PENDING = 1000
"""How many lines may wait to be written before `show` waits too. The server then keeps what is
still to come, so a stopped terminal costs neither memory nor messages."""

Completer = Callable[[str], Completed]


class Above(Protocol):
    """What stands above the question and is taken off the screen with it. Input thread."""

    def rows(self, columns: int, height: int) -> Sequence[str]:
        """Returns the rows for a screen of this size, clean and less wide than it."""

    def next_due(self) -> float | None:
        """Returns the seconds after which the rows change by themselves, None if they do not."""


CHOICES = 100
"""How many candidates Tab lists."""


class Terminal:
    """Asks questions and shows lines, cut to its width. Lines must be clean already.

    Args:
        source: where keys come from; None for standard input.
        screen: where to draw; None for standard output.
    """

    def __init__(self, source: Input | None = None, screen: Output | None = None) -> None:
        self.complete: Completer = nothing_to_complete
        """What Tab does on a line of operations, given the text before the cursor."""
        self.above: Above | None = None
        """What stands above a question. Besides when it is due, it is looked at when lines are
        shown and when keys are hit."""
        self._input = source or create_input(sys.stdin)
        self._output = screen or _plain_output()
        self._completer: Completer = nothing_to_complete  # that of the question being asked
        self._lines = self._session(InMemoryHistory())
        self._answers = self._session(DummyHistory())
        # Guards what follows, and every writing while no question is on the screen.
        self._changed = threading.Condition()
        self._pending: list[str] = []  # lines to be written above the question
        self._asking = False  # whether a question is on the screen, or about to be
        self._question: _Question | None = None  # the running one; None until it can be woken
        self._hung_up = False

    def ask_line(self, prompt: str) -> str:
        """Returns a line with history and completion; it is taken off the screen. Input thread.

        Raises:
            EOFError: Ctrl-D, or `hang_up` was called.
            KeyboardInterrupt: Ctrl-C.
        """
        return self._ask(self._lines, prompt, self.complete, erase=True)

    def ask(self, question: str) -> str:
        """Returns the answer to a question, which stays on the screen. Raises like `ask_line`."""
        return self._ask(self._answers, question)

    def ask_hidden(self, question: str) -> str:
        """Returns the answer and shows stars for it. Raises like `ask_line`."""
        return self._ask(self._answers, question, hidden=True)

    def ask_in_passing(self, question: str, complete: Completer | None = None) -> str:
        """Returns the answer; the question is taken off the screen. Raises like `ask_line`.

        Args:
            question: what to ask.
            complete: what Tab does on the answer, given the text before the cursor.
        """
        return self._ask(self._answers, question, complete, erase=True)

    def show(self, lines: Sequence[str]) -> None:
        """Writes lines above the question, or right away if there is none. Any thread."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._pending) < PENDING or not self._asking)
            self._pending.extend(lines)
            if not self._asking:
                self._write()
            elif self._question is not None:
                self._question.call(self._write_above)

    complain = show

    def hang_up(self) -> None:
        """Ends the question that is being asked, and any later one, with EOFError. Any thread."""
        with self._changed:
            self._hung_up = True
            if self._question is not None:
                self._question.call(self._abandon)

    @contextlib.contextmanager
    def keys_kept(self) -> Iterator[None]:
        """Keeps keys that are hit while no question is on the screen for the next question.

        Else the terminal would echo them where they do not belong, and take Ctrl-D for itself.
        Ctrl-C still interrupts.
        """
        try:
            before = termios.tcgetattr(self._input.fileno())
        except termios.error:  # not a terminal, so there is nothing to arrange
            yield
            return
        keeping = [*before[:3], before[3] & ~(termios.ECHO | termios.ICANON), *before[4:]]
        termios.tcsetattr(self._input.fileno(), termios.TCSANOW, keeping)
        try:
            yield
        finally:
            with contextlib.suppress(termios.error):  # the terminal has been closed
                termios.tcsetattr(self._input.fileno(), termios.TCSANOW, before)

    def _session(self, history: History) -> PromptSession[str]:
        session: PromptSession[str] = PromptSession(
            history=history,
            key_bindings=_tab(self.show, self._complete),
            input=self._input,
            output=self._output,
            enable_suspend=True,  # Ctrl-Z; keys do not raise signals while a question is asked
        )
        # The signal SIGWINCH tells of a new size; there is no need to look every half second.
        session.app.terminal_size_polling_interval = None
        return session

    def _complete(self, line: str) -> Completed:
        return self._completer(line)

    def _ask(
        self,
        session: PromptSession[str],
        question: str,
        complete: Completer | None = None,
        *,
        hidden: bool = False,
        erase: bool = False,
    ) -> str:
        with self._changed:
            if self._hung_up:
                raise EOFError
            self._asking = True
        self._completer = complete or nothing_to_complete
        session.app.erase_when_done = erase
        try:
            return session.prompt(
                lambda: self._with_above(question),
                is_password=hidden,
                pre_run=lambda: self._begin(session.app),
            )
        finally:
            with self._changed:
                self._asking = False
                self._question = None
                self._write()

    def _begin(self, app: Application[str]) -> None:
        """Lets other threads in, now that the question has a loop to wake. Runs in that loop."""
        with self._changed:
            self._question = _Question(app, contextvars.copy_context())
            if self._pending:
                self._question.call(self._write_above)
            if self._hung_up:
                self._question.call(self._abandon)
        self._draw_when_due(app)

    def _with_above(self, question: str) -> str:
        """Returns the question with what stands above it. Runs in the input loop, to draw."""
        size = self._output.get_size()
        rows = self.above.rows(size.columns, size.rows) if self.above else ()
        return "\n".join([*rows, question])

    def _draw_when_due(self, app: Application[str]) -> None:
        """Has the question drawn anew when what is above it changes. Runs in the input loop."""
        seconds = self.above.next_due() if self.above else None
        if seconds is not None and app.loop is not None:
            app.loop.call_later(seconds, self._draw, app)

    def _draw(self, app: Application[str]) -> None:
        if not app.is_done:
            app.invalidate()
            self._draw_when_due(app)

    def _write_above(self, app: Application[str]) -> None:
        """Writes what is pending; the question is drawn again below. Runs in the input loop."""
        with self._changed:
            if self._pending:
                app.renderer.erase()
                self._write()
        app.invalidate()

    def _abandon(self, app: Application[str]) -> None:
        """Ends the question. Runs in the input loop."""
        app.exit(exception=EOFError())

    def _write(self) -> None:
        """Writes what is pending. The caller holds the lock and no question is on the screen."""
        if self._pending:
            width = self._output.get_size().columns
            rows = [row for line in self._pending for row in wrap(line, width)]
            self._pending.clear()
            # Should the terminal take a character for wider than we do, the end of the row is lost;
            # it must not appear in column 0, where it could pass for a line of its own.
            self._output.disable_autowrap()
            self._output.write("".join(f"{row}\n" for row in rows))
            self._output.enable_autowrap()
            self._output.flush()
        self._changed.notify_all()


def _plain_output() -> Output:
    """Returns standard output, on which prompt_toolkit may not ask where the cursor is.

    The answer would come as keys, and be taken for some by whatever runs after this program.
    """
    output = create_output(sys.stdout)
    if isinstance(output, Vt100_Output):
        output.enable_cpr = False
    return output


class _Question(NamedTuple):
    """A question on the screen, which another thread may want to interrupt."""

    app: Application[str]
    context: contextvars.Context  # says to prompt_toolkit which application is the current one

    def call(self, step: Callable[[Application[str]], None]) -> None:
        """Has the input loop take `step`, unless the question has been answered by then."""
        loop = self.app.loop
        if loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: it has been answered
                loop.call_soon_threadsafe(self._take, step, context=self.context)

    def _take(self, step: Callable[[Application[str]], None]) -> None:
        if not self.app.is_done:
            step(self.app)


def nothing_to_complete(line: str) -> Completed:
    """Leaves the line as it is."""
    del line
    return Completed("", "", ())


def _tab(show: Callable[[Sequence[str]], None], complete: Completer) -> KeyBindings:
    """Returns the binding that makes Tab complete the word before the cursor."""
    keys = KeyBindings()

    @keys.add("tab")
    def _(event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        begun, word, choices = complete(buffer.document.text_before_cursor)
        if word != begun:
            buffer.delete_before_cursor(len(begun))
            buffer.insert_text(word)
        elif choices:
            more = len(choices) - CHOICES
            listed = "  ".join(choices[:CHOICES]) + (f"  and {more} others" if more > 0 else "")
            show([listed])

    return keys
