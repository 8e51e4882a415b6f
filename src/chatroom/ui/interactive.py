"""The talk of a person at a terminal: asked for an operation, again and again, until they leave."""

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from types import FrameType

from chatroom.client.errors import Refused
from chatroom.client.events import Event
from chatroom.client.room import Room
from chatroom.protocol.names import same
from chatroom.ui import logs
from chatroom.ui.completion import Completed, complete, complete_name
from chatroom.ui.conversation import Conversation
from chatroom.ui.operations import HELP, Help, Leave, NoOperation, Operation, Say, Tell, Who, parse
from chatroom.ui.pending import PendingRows
from chatroom.ui.sanitize import clean
from chatroom.ui.terminal import Terminal

PROMPT = "PM, DM, WHO or EX: "

_HELP = tuple(f"  {line}" for line in HELP)


def talk(
    enter: Callable[[Terminal, Callable[[Event], None]], Room],
    terminal: Terminal | None = None,
    *,
    history: int = 0,
) -> int:
    """Lets a person talk until they leave, and returns the exit status.

    The calling thread becomes the input thread. It has to be the main thread, as only that one is
    told of signals and of a new size of the terminal.

    Args:
        enter: logs in, with a terminal to ask on and the function that is to get the events.
        terminal: None for standard input and output.
        history: how many of the messages said before are shown, if `enter` asks for them.

    Raises:
        ChatroomError: logging in did not work.
    """
    talking = _Talk(terminal, history)
    terminal = talking.terminal
    with (
        _named("chatroom-input"),
        _leaving_on_signals(),
        terminal.keys_kept(),
        logs.shown(terminal.complain),
    ):
        try:
            talking.run(enter(terminal, talking.conversation.on_event))
        except (EOFError, KeyboardInterrupt):
            pass  # Ctrl-D, Ctrl-C, a signal, or a line that is gone: all mean to leave
        finally:
            talking.conversation.leave()
    gone = talking.conversation.gone
    if gone is None:
        return 0
    return 1 if isinstance(gone, Refused) else 2


class _Talk:
    """The loop of operations and what each does."""

    def __init__(self, terminal: Terminal | None, history: int) -> None:
        self.terminal = terminal or Terminal()
        self.terminal.complete = self._complete
        self.conversation = Conversation(self.terminal, history=history)
        self.terminal.above = PendingRows(self.conversation)

    def run(self, room: Room) -> None:
        """Carries out operations in a room until EX."""
        self.conversation.enter(room, _HELP)
        while (operation := parse(self.terminal.ask_line(PROMPT))) != Leave():
            self._do(operation)

    def _do(self, operation: Operation | None) -> None:
        match operation:
            case Say(text):
                self._say(text)
            case Tell(to, text):
                self._tell(to, text)
            case Who():
                self._who()
            case Help():
                self._help()
            case NoOperation(explanation):
                self.terminal.show([clean(explanation)])

    def _help(self) -> None:
        self.terminal.show(_HELP)

    def _who(self) -> None:
        if self.conversation.down:
            self.terminal.show(["The server is gone, so nobody can say who is there now."])
        else:
            self.conversation.who()

    def _say(self, text: str | None, to: str | None = None) -> None:
        whom = "" if to is None else f" to {self.conversation.recipient(to)}"
        text = text or self.terminal.ask_in_passing(f"Message{whom}: ")
        if not text.strip():
            self.terminal.show(["Nothing was sent."])
            return
        self.conversation.say(text, to)

    def _tell(self, to: str | None, text: str | None) -> None:
        to = to or self._pick()
        if to is not None:
            self._say(text, to)

    def _pick(self) -> str | None:
        """Shows who is here and returns whom the person picks, None for nobody."""
        others = self._others()
        if not others:
            self.terminal.show(["Nobody else is here to send a direct message to."])
            return None
        width = len(str(len(others)))
        self.terminal.show([f"  {n:{width}}  {clean(name)}" for n, name in enumerate(others, 1)])
        answer = self.terminal.ask_in_passing(
            "To (number or name): ", complete=lambda line: complete_name(line, others)
        ).strip()
        numbered = {str(n): name for n, name in enumerate(others, 1)}
        if answer in numbered:
            return numbered[answer]
        if not answer:
            self.terminal.show(["Nothing was sent."])
        elif answer.isdecimal() and answer not in others:
            self.terminal.show([f"There is no {clean(answer)} in the list."])
            return None
        return answer or None

    def _others(self) -> Sequence[str]:
        room = self.conversation.room
        return [name for name in room.users if not same(name, room.username)]

    def _complete(self, line: str) -> Completed:
        return complete(line, self._others())


@contextlib.contextmanager
def _named(name: str) -> Iterator[None]:
    """Gives the calling thread a name for a while."""
    thread = threading.current_thread()
    before, thread.name = thread.name, name
    try:
        yield
    finally:
        thread.name = before


@contextlib.contextmanager
def _leaving_on_signals() -> Iterator[None]:
    """Makes SIGTERM and SIGHUP mean what Ctrl-C means, so that the terminal is put in order."""

    def leave(number: int, frame: FrameType | None) -> None:
        del number, frame
        signal.raise_signal(signal.SIGINT)

    before = {each: signal.signal(each, leave) for each in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
