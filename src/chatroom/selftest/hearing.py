"""What a client's program does with what the library tells it: write it down, and deal with it."""

import threading
from collections.abc import Callable
from enum import Enum

from chatroom.client.events import Event, Gap, LineBack, LineGone, Message
from chatroom.client.room import Room
from chatroom.selftest.journal import Journal
from chatroom.selftest.records import INBOX, ROOM, Committed, Gapped, Received, Returned

THREAD_NAME = "reader"

TOGETHER = 8
"""How many messages are committed together."""

_FOREVER = 86400.0  # seconds


class Manner(Enum):
    """How a program takes its messages."""

    CALLBACK = 0
    """With `on_event`: a message is committed when that has returned."""
    ITERATION = 1
    """In a loop: a message is committed when the next is asked for."""
    COMMIT = 2
    """With `next_message()`: a few messages are committed together, when they are dealt with."""


class Hearing:
    """Takes what comes in one life of a client.

    Args:
        manner: How.
        journal: Where it is written down.
        on_message: Called with the text of each message.
        on_end: Called with the reason when nothing more comes.
    """

    def __init__(
        self,
        manner: Manner,
        journal: Journal,
        on_message: Callable[[str], None],
        on_end: Callable[[Exception], None],
    ) -> None:
        self._manner = manner
        self._journal = journal
        self._on_message = on_message
        self._on_end = on_end
        self._waiting: list[Message] = []  # what has come and is not known to be committed
        self.received = 0
        """How many messages came."""

    @property
    def on_event(self) -> Callable[[Event], None] | None:
        """What to give to `connect()`."""
        return self._take_event if self._manner is Manner.CALLBACK else None

    def start(self, room: Room) -> None:
        """Begins to read, in a thread of its own, if messages are taken in a loop."""
        if self._manner is not Manner.CALLBACK:
            threading.Thread(target=self._read, args=(room,), name=THREAD_NAME, daemon=True).start()

    def _take_event(self, event: Event) -> None:
        match event:
            case Message():
                self._take(event)
            case Gap(log=log, first=first, last=last, reason=reason):
                self._journal.add(Gapped(log, first, last, reason))
            case LineBack(missed=missed, away=away):
                self._journal.add(Returned(missed, away))
            case LineGone(error=error):
                self._on_end(error)

    def _read(self, room: Room) -> None:
        try:
            if self._manner is Manner.ITERATION:
                for message in room:
                    self._take(message)
                return
            while True:
                self._take(room.next_message(timeout=_FOREVER))
                if len(self._waiting) == TOGETHER:
                    self._commit(room)
        except Exception as error:  # noqa: BLE001 - whatever it is, the main thread is to tell it
            self._on_end(error)

    def _commit(self, room: Room) -> None:
        for message in self._waiting:
            room.commit(message)
            self._note_committed(message)
        self._waiting.clear()

    def _take(self, message: Message) -> None:
        if self._manner is not Manner.COMMIT:
            for before in self._waiting:
                self._note_committed(before)  # or this one would not have come
            self._waiting.clear()
        self._waiting.append(message)
        self.received += 1
        self._journal.add(
            Received(
                INBOX if message.private else ROOM,
                message.epoch,
                message.seq,
                message.prev,
                message.sender,
                message.to,
                message.text,
                message.replay,
            )
        )
        self._on_message(message.text)

    def _note_committed(self, message: Message) -> None:
        self._journal.add(Committed(INBOX if message.private else ROOM, message.seq))
