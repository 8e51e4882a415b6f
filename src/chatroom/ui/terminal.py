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
from asyncio import AbstractEventLoop
from collections.abc import Callable, Iterator, Sequence

from prompt_toolkit.application import Application
from prompt_toolkit.completion import Completer
from prompt_toolkit.history import DummyHistory, History, InMemoryHistory
from prompt_toolkit.input import Input, create_input
from prompt_toolkit.output import Output, create_output
from prompt_toolkit.output.vt100 import Vt100_Output
from prompt_toolkit.shortcuts import CompleteStyle, PromptSession

PENDING = 1000
"""How many lines may wait to be written before `show` waits too. The server then keeps what is
still to come, so a stopped terminal costs neither memory nor messages."""


class Terminal:
    """Asks questions and shows lines. Lines must be clean already.

    Args:
        completer: what Tab does on a line of operations.
        source: where keys come from; None for standard input.
        screen: where to draw; None for standard output.
    """

    def __init__(
        self,
        completer: Completer | None = None,
        *,
        source: Input | None = None,
        screen: Output | None = None,
    ) -> None:
        self._input = source or create_input(sys.stdin)
        self._output = screen or _plain_output()
        self._lines = self._session(InMemoryHistory(), completer)
        self._answers = self._session(DummyHistory(), None)
        # Guards what follows, and every writing while no question is on the screen.
        self._changed = threading.Condition()
        self._pending: list[str] = []  # lines to be written above the question
        self._asking = False  # whether a question is on the screen, or about to be
        self._wake: Callable[[Callable[[], None]], None] | None = None  # runs it in the input loop
        self._hung_up = False

    def ask_line(self, prompt: str) -> str:
        """Returns a line with history and completion; it is taken off the screen. Input thread.

        Raises:
            EOFError: Ctrl-D, or `hang_up` was called.
            KeyboardInterrupt: Ctrl-C.
        """
        return self._ask(self._lines, prompt, erase=True)

    def ask(self, question: str) -> str:
        """Returns the answer to a question, which stays on the screen. Raises like `ask_line`."""
        return self._ask(self._answers, question)

    def ask_hidden(self, question: str) -> str:
        """Returns the answer and shows stars for it. Raises like `ask_line`."""
        return self._ask(self._answers, question, hidden=True)

    def ask_in_passing(self, question: str) -> str:
        """Returns the answer; the question is taken off the screen. Raises like `ask_line`."""
        return self._ask(self._answers, question, erase=True)

    def show(self, lines: Sequence[str]) -> None:
        """Writes lines above the question, or right away if there is none. Any thread."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._pending) < PENDING or not self._asking)
            self._pending.extend(lines)
            if not self._asking:
                self._write()
            elif self._wake is not None:
                self._wake(self._write_above)

    complain = show

    def hang_up(self) -> None:
        """Ends the question that is being asked, and any later one, with EOFError. Any thread."""
        with self._changed:
            self._hung_up = True
            if self._wake is not None:
                self._wake(self._abandon)

    @contextlib.contextmanager
    def silent(self) -> Iterator[None]:
        """Keeps the terminal from echoing keys that are hit while no question is on the screen."""
        try:
            before = termios.tcgetattr(self._input.fileno())
        except termios.error:  # not a terminal, so there is no echo
            yield
            return
        quiet = [*before[:3], before[3] & ~termios.ECHO, *before[4:]]
        termios.tcsetattr(self._input.fileno(), termios.TCSADRAIN, quiet)
        try:
            yield
        finally:
            termios.tcsetattr(self._input.fileno(), termios.TCSADRAIN, before)

    def _session(self, history: History, completer: Completer | None) -> PromptSession[str]:
        session: PromptSession[str] = PromptSession(
            history=history,
            completer=completer,
            complete_while_typing=False,
            complete_style=CompleteStyle.READLINE_LIKE,
            reserve_space_for_menu=0,
            input=self._input,
            output=self._output,
        )
        # The signal SIGWINCH tells of a new size; there is no need to look every half second.
        session.app.terminal_size_polling_interval = None
        return session

    def _ask(
        self, session: PromptSession[str], question: str, *, hidden: bool = False, erase: bool = False
    ) -> str:
        with self._changed:
            if self._hung_up:
                raise EOFError
            self._asking = True
        session.app.erase_when_done = erase
        try:
            return session.prompt(
                question, is_password=hidden, pre_run=lambda: self._begin(session.app)
            )
        finally:
            with self._changed:
                self._asking = False
                self._wake = None
                self._write()

    def _begin(self, app: Application[str]) -> None:
        """Lets other threads in, once the question has a loop to wake. Runs in that loop."""
        loop = app.loop
        context = contextvars.copy_context()  # it says which application is the current one
        with self._changed:
            self._app = app
            self._wake = lambda call: _call_soon(loop, call, context)
            if self._pending:
                self._wake(self._write_above)
            if self._hung_up:
                self._wake(self._abandon)

    def _write_above(self) -> None:
        """Writes what is pending and draws the question again below. Runs in the input loop."""
        with self._changed:
            if not self._pending or self._app.is_done:
                return  # an earlier call took them, or the end of the question will
            self._app.renderer.erase()
            self._write()
        self._app.invalidate()

    def _abandon(self) -> None:
        """Ends the question. Runs in the input loop."""
        if not self._app.is_done:
            self._app.exit(exception=EOFError())

    def _write(self) -> None:
        """Writes what is pending. The caller holds the lock and no question is on the screen."""
        if self._pending:
            self._output.write("".join(f"{line}\n" for line in self._pending))
            self._pending.clear()
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


def _call_soon(
    loop: AbstractEventLoop | None, call: Callable[[], None], context: contextvars.Context
) -> None:
    """Has `call` run in the loop, unless the question ends right now: its end does the same."""
    if loop is not None:
        with contextlib.suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(call, context=context)
