"""What is said as JSON lines, for programs such as jq."""

import threading
from typing import BinaryIO, TextIO

from chatroom.client.errors import ChatroomError
from chatroom.client.events import Event, LineGone, Message, UsersChanged
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
    """

    def __init__(self, output: BinaryIO, notices: TextIO, count: int | None = None) -> None:
        self._output = output
        self._notices = notices
        self._left = count
        self._renderer = Renderer("", one_line=True)
        self._done = threading.Event()
        self._error: ChatroomError | BrokenPipeError | None = None

    def on_event(self, event: Event) -> None:
        """Takes an event. The listening thread calls it."""
        if self._done.is_set():
            return
        if isinstance(event, Message):
            self._write(event)
        elif isinstance(event, LineGone):
            self._end(event.error)
        elif not isinstance(event, UsersChanged):
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

    def _write(self, message: Message) -> None:
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
    return head | {
        "message": message.text,
        "seq": message.seq,
        "prev": message.prev,
        "epoch": message.epoch,
        "ts": message.ts,
    }
