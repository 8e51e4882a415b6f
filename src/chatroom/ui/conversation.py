"""A conversation in a room, whatever it is shown on: events in, requests out."""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import partial
from typing import Protocol, TypeGuard

from chatroom.client.errors import ChatroomError, Refused
from chatroom.client.events import Event, LineGone, Message, Receipt
from chatroom.protocol.names import fold, same
from chatroom.ui.render import Renderer
from chatroom.ui.sanitize import clean

_NOTES = 1000
"""How many messages to oneself are remembered while their other half is still to come."""


class Room(Protocol):
    """What a conversation needs of `chatroom.client.room.Room`."""

    username: str

    @property
    def users(self) -> tuple[str, ...]:
        """The newest list of users."""

    @property
    def connected(self) -> bool:
        """Whether the line is up."""

    def submit(self, text: str, *, to: str | None = None) -> Future[Receipt]:
        """Sends a message and returns at once."""

    def who(self, *, timeout: float | None = None) -> tuple[str, ...]:
        """Asks who is in the room."""

    def close(self, *, timeout: float = 2.0) -> None:
        """Leaves."""


class Face(Protocol):
    """What a conversation is shown on. Any thread may call it."""

    def show(self, lines: Sequence[str]) -> None:
        """Shows what happened. May block until there is room for more."""

    def complain(self, lines: Sequence[str]) -> None:
        """Shows what went wrong."""

    def hang_up(self) -> None:
        """Makes the input end, as there is nobody left to talk to."""


class Conversation:
    """Shows what a room tells and sends what the person says.

    `on_event` is what the room calls. Its thread waits until `enter` has been called, as a room
    may speak before `connect` has returned it.

    Args:
        face: what it is shown on.
        one_line: whether each event is to be one line.
        settled: called when a message has been confirmed or refused, in whichever thread learns it.
    """

    def __init__(
        self, face: Face, *, one_line: bool = False, settled: Callable[[], None] = lambda: None
    ) -> None:
        self._face = face
        self._one_line = one_line
        self._settled = settled
        self._entered = threading.Event()
        self._room: Room | None = None
        self._lock = threading.Lock()  # guards the next
        self._notes: deque[tuple[str, int]] = deque(maxlen=_NOTES)  # to oneself, shown once so far
        self.renderer = Renderer("", one_line=one_line)
        """How things are shown; knows who the person is once the room has been entered."""
        self.gone: ChatroomError | None = None
        """Why the line is gone for good, None while it is not."""
        self.refused = False
        """Whether the server, or this client, has refused anything."""
        self.lost = False
        """Whether anything has not been answered."""

    @property
    def room(self) -> Room:
        """The room that has been entered."""
        if self._room is None:
            raise RuntimeError("enter() comes first")
        return self._room

    def enter(self, room: Room) -> None:
        """Takes up the talk in `room` by showing who is there. The input thread calls it."""
        self._room = room
        self.renderer = Renderer(room.username, one_line=self._one_line)
        self._face.show(self.renderer.users(room.users))
        self._entered.set()

    def leave(self) -> None:
        """Leaves the room; what is still unconfirmed is told. The input thread calls it."""
        self._entered.set()
        if self._room is not None:
            self._room.close()

    def on_event(self, event: Event) -> None:
        """Shows an event. The listening thread calls it."""
        self._entered.wait()
        if isinstance(event, LineGone):
            self.gone = event.error
            self._face.complain(self.renderer.event(event))
            self._face.hang_up()
        elif self._to_oneself(event) and self._known(event.epoch, event.seq):
            pass
        elif lines := self.renderer.event(event):
            self._face.show(lines)

    def say(self, text: str, to: str | None = None) -> None:
        """Sends a message to `to` or to everyone. It is shown when the server has confirmed it."""
        try:
            future = self.room.submit(text, to=to)
        except ChatroomError as error:
            self._unsent(text, to, error)
            self._settled()
        else:
            future.add_done_callback(partial(self._done, text, to))

    def registered(self, name: str) -> str:
        """Returns the name as it was registered, if somebody in the room has it, else as it is."""
        users = self.room.users
        if name in users:  # spares the many names of a full room being folded
            return name
        folded = fold(name)
        return next((user for user in users if fold(user) == folded), name)

    def who(self) -> None:
        """Asks the server who is here and shows the answer."""
        try:
            users = self.room.who()
        except ChatroomError as error:
            self._failed(error)
            self._face.complain(self.renderer.note(str(error)))
        else:
            self._face.show(self.renderer.users(users))

    def show(self, lines: Sequence[str]) -> None:
        """Shows lines that are clean already."""
        self._face.show(lines)

    def refuse(self, sentence: str) -> None:
        """Shows why something that was asked for is not done."""
        self.refused = True
        self._face.complain([clean(sentence)])

    def _done(self, text: str, to: str | None, future: Future[Receipt]) -> None:
        """Tells what became of a message, in the thread that learns it."""
        if error := future.exception():
            self._unsent(text, to, error)
        else:
            receipt, me = future.result(), self.room.username
            to_oneself = to is not None and same(to, me)
            if not (to_oneself and self._known(receipt.epoch, receipt.seq)):
                shown = None if to is None else self.registered(to)
                self._face.show(self.renderer.message(me, shown, text, receipt.ts))
        self._settled()

    def _to_oneself(self, event: Event) -> TypeGuard[Message]:
        return (
            isinstance(event, Message)
            and event.to is not None
            and self._room is not None
            and same(event.sender, event.to)
            and same(event.to, self._room.username)
        )

    def _known(self, epoch: str, seq: int) -> bool:
        """Returns whether a message to oneself has been shown already.

        Such a message comes twice, confirmed and as an event, in either order.
        """
        with self._lock:
            known = (epoch, seq) in self._notes
            if known:
                self._notes.remove((epoch, seq))
            else:
                self._notes.append((epoch, seq))
        return known

    def _unsent(self, text: str, to: str | None, error: BaseException) -> None:
        self._failed(error)
        self._face.complain(self.renderer.unsent(text, to, error))

    def _failed(self, error: BaseException) -> None:
        if isinstance(error, Refused):
            self.refused = True
        else:
            self.lost = True
