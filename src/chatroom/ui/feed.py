"""What is said as JSON lines, for programs such as jq."""

import threading
from collections.abc import Sequence
from typing import BinaryIO, TextIO

from chatroom.client.errors import ChatroomError
from chatroom.client.events import Event, LineGone, Message, UsersChanged
from chatroom.ui.backlog import Backlog
from chatroom.ui.render import Renderer
from chatroom.ui.sanitize import clean_json


class Feed:
    """Writes every message as the server sent it, and flushes it.

    The listening thread writes. If whoever reads is slow, that thread waits for them, and the
    server keeps what is still to come in its log.

    Args:
        output: where the messages go.
        notices: where it is told that the line is lost or back.
        count: how many messages to write, None for all.
        history: how many of them may be from before the entry, at most.
    """

    def __init__(
        self, output: BinaryIO, notices: TextIO, count: int | None = None, history: int = 0
    ) -> None:
        self._output = output
        self._notices = notices
        self._left = count
        self._history = history
        self._backlog: Backlog | None = None  # what was said before, while it still comes
        self._renderer = Renderer("", one_line=True)
        self._entered = threading.Event()
        self._done = threading.Event()
        self._error: ChatroomError | BrokenPipeError | None = None

    def enter(self, behind: int) -> None:
        """Lets the listening thread go on, now that it is known what comes first.

        Args:
            behind: how many entries come as replay at the entry, over both logs.
        """
        self._backlog = Backlog(behind, self._history)
        self._entered.set()

    def on_event(self, event: Event) -> None:
        """Takes an event. The listening thread calls it."""
        self._entered.wait()
        match event:
            case Message():
                self._message(event)
            case UsersChanged():
                pass
            case LineGone(error):
                self._end_backlog()
                self._end(error)
            case _:
                self._end_backlog()
                for line in self._renderer.event(event):
                    print(line, file=self._notices, flush=True)

    def wait(self) -> None:
        """Waits until as many messages have been written as were asked for.

        Raises:
            ChatroomError: the line is gone for good.
            BrokenPipeError: nobody reads the output any more.
        """
        self._done.wait()
        if self._error is not None:
            raise self._error

    def _message(self, message: Message) -> None:
        backlog = self._backlog
        if backlog is None or not message.replay:
            self._end_backlog()
            self._write([message])
            return
        ready = backlog.take(message)
        if backlog.complete:
            self._backlog = None
        self._write(ready)

    def _end_backlog(self) -> None:
        """Writes what has come of the history, as no more of it will."""
        backlog, self._backlog = self._backlog, None
        if backlog is not None:
            self._write(backlog.rest())

    def _write(self, messages: Sequence[Message]) -> None:
        for message in messages:
            if not self._done.is_set():
                self._write_one(message)

    def _write_one(self, message: Message) -> None:
        try:
            self._output.write(clean_json(as_sent(message)).encode() + b"\n")
            self._output.flush()
        except BrokenPipeError as error:
            self._end(error)
            return
        if self._left is not None:
            self._left -= 1
            if self._left == 0:
                self._end(None)

    def _end(self, error: ChatroomError | BrokenPipeError | None) -> None:
        self._error = error
        self._done.set()


def as_sent(message: Message) -> dict[str, object]:
    """Returns the message as it stood on the wire."""
    head: dict[str, object] = {"type": "broadcast", "from": message.sender}
    if message.private:
        head = {"type": "direct_message", "from": message.sender, "to": message.to}
    body: dict[str, object] = {
        "message": message.text,
        "seq": message.seq,
        "prev": message.prev,
        "epoch": message.epoch,
        "ts": message.ts,
    }
    return head | body | ({"replay": True} if message.replay else {})
