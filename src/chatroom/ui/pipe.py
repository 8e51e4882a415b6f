"""The talk of a program: operations on standard input, line by line; a line of text per event."""

import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import TextIO

from chatroom.client.errors import Refused
from chatroom.client.events import Event
from chatroom.client.room import Room
from chatroom.ui import logs
from chatroom.ui.conversation import Conversation
from chatroom.ui.lines import BadLine, Lines
from chatroom.ui.operations import HELP, Help, Leave, NoOperation, Operation, Say, Tell, Who, parse

IN_FLIGHT = 1000
"""How many messages may be unconfirmed before the next line is read."""

PATIENCE = 30.0
"""Seconds without any confirmation after which the server counts as gone."""

UNREACHED = 2
REFUSED = 1


def talk(
    enter: Callable[[Callable[[Event], None]], Room],
    *,
    source: int,
    history: int = 0,
    patience: float = PATIENCE,
) -> int:
    """Carries out the operations on `source` and returns the exit status.

    Args:
        enter: logs in, with the function that is to get the events.
        source: the file descriptor to read.
        history: how many of the messages said before are shown, if `enter` asks for them.
        patience: seconds to wait for the next confirmation.

    Returns:
        0 when everything was confirmed, 1 when something was refused, 2 when the server was lost.

    Raises:
        ChatroomError: logging in did not work.
    """
    with Lines(source) as lines:
        face = Streams(lines.stop)
        unconfirmed = Unconfirmed(patience)
        conversation = Conversation(
            face, history=history, one_line=True, settled=unconfirmed.one_less
        )
        answered = True
        try:
            with logs.shown(face.complain):
                conversation.enter(enter(conversation.on_event))
                conversation.opened.wait(patience)  # so that the history comes first
                answered = _carry_out(lines, conversation, unconfirmed)
                answered = answered and unconfirmed.wait_for_none()
        except KeyboardInterrupt:
            pass  # what is unconfirmed by now is told when the room is left
        finally:
            conversation.leave()
        if not answered:
            face.complain([f"The server confirmed nothing for {patience:g} seconds; giving up."])
    if face.closed:
        return 0  # whoever read the output has had enough
    if isinstance(conversation.gone, Refused):
        return REFUSED
    if conversation.gone or conversation.lost or not answered:
        return UNREACHED
    return REFUSED if conversation.refused else 0


class Streams:
    """Standard output and standard error as the face of a conversation.

    Args:
        hang_up: makes the input end.
    """

    def __init__(self, hang_up: Callable[[], None]) -> None:
        self.hang_up = hang_up
        self.closed = False
        """Whether whoever reads the output has closed it."""
        self._lock = threading.Lock()  # held to write, so that lines stay whole

    def show(self, lines: Sequence[str]) -> None:
        """Writes to standard output."""
        self._write(sys.stdout, lines)

    def complain(self, lines: Sequence[str]) -> None:
        """Writes to standard error."""
        self._write(sys.stderr, lines)

    def _write(self, stream: TextIO, lines: Sequence[str]) -> None:
        with self._lock:
            if self.closed:
                return
            try:
                stream.write("".join(f"{line}\n" for line in lines))
                stream.flush()
            except BrokenPipeError:
                self.closed = True
                self.hang_up()


class Unconfirmed:
    """Counts the messages that are under way. Any thread may use it.

    Args:
        patience: seconds without any news after which waiting ends.
    """

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._news = threading.Condition()
        self._count = 0

    def one_more(self) -> bool:
        """Counts a message, once there is room for it; returns False when there was no news."""
        if not self._wait(IN_FLIGHT - 1):
            return False
        with self._news:
            self._count += 1
        return True

    def one_less(self) -> None:
        """Counts a message that has been confirmed or refused."""
        with self._news:
            self._count -= 1
            self._news.notify_all()

    def wait_for_none(self) -> bool:
        """Waits until nothing is under way; returns False when there was no news for too long."""
        return self._wait(0)

    def _wait(self, most: int) -> bool:
        """Waits until no more than `most` are under way."""
        with self._news:
            while self._count > most:
                if not self._news.wait(self._patience):
                    return False
        return True


def _carry_out(
    lines: Iterable[str | BadLine], conversation: Conversation, unconfirmed: Unconfirmed
) -> bool:
    """Carries out every line up to EX; returns False when the server does not answer."""
    for line in lines:
        operation = NoOperation(str(line)) if isinstance(line, BadLine) else parse(line)
        if isinstance(operation, Leave):
            break
        if operation and not _do(operation, conversation, unconfirmed):
            return False
    return True


def _do(operation: Operation, conversation: Conversation, unconfirmed: Unconfirmed) -> bool:
    """Carries out one operation; returns False when the server does not answer."""
    match operation:
        case Say(str(text)):
            return _send(text, None, conversation, unconfirmed)
        case Tell(str(to), str(text)):
            return _send(text, to, conversation, unconfirmed)
        case Who():
            conversation.who()
        case Help():
            conversation.show(HELP)
        case NoOperation(explanation):
            conversation.refuse(explanation)
        case _:
            conversation.refuse("A message is missing; write PM hello, or DM bob hello.")
    return True


def _send(text: str, to: str | None, conversation: Conversation, unconfirmed: Unconfirmed) -> bool:
    """Sends a message once there is room for it; returns False when the server does not answer."""
    if not unconfirmed.one_more():
        return False
    conversation.say(text, to)
    return True
