"""A conversation in a room, whatever it is shown on: events in, requests out."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import partial
from typing import Protocol

from chatroom.client.errors import ChatroomError, Refused
from chatroom.client.events import Event, Gap, LineBack, LineGone, Message, Receipt, UsersChanged
from chatroom.protocol.names import fold, same
from chatroom.ui.backlog import Backlog
from chatroom.ui.outgoing import Outgoing, Sent
from chatroom.ui.render import Renderer
from chatroom.ui.sanitize import clean


class Room(Protocol):
    """What a conversation needs of `chatroom.client.room.Room`."""

    username: str

    @property
    def behind(self) -> int:
        """How many entries come as replay at the entry, over both logs."""

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

    While entries come as replay, at the entry and after a break, other things wait until all of
    them have come: who is there, and what is confirmed as a duplicate, as it may be among them.

    Args:
        face: what it is shown on.
        history: how many of the messages said before the entry are shown at most.
        one_line: whether each event is to be one line.
        settled: called when a message has been confirmed or refused, in whichever thread learns it.
    """

    def __init__(
        self,
        face: Face,
        *,
        history: int = 0,
        one_line: bool = False,
        settled: Callable[[], None] = lambda: None,
    ) -> None:
        self._face = face
        self._history = history
        self._one_line = one_line
        self._settled = settled
        self._entered = threading.Event()
        self._room: Room | None = None
        self._greeting: Sequence[str] = ()
        self._lock = threading.Lock()  # guards the next two
        self._backlog: Backlog | None = None  # what still comes as replay
        self._held: list[tuple[Sent, Receipt]] = []  # confirmed, and maybe among what still comes
        self.opened = threading.Event()
        """Set once it is shown who is there, which comes behind the history, or the end is near."""
        self.outgoing = Outgoing()
        """What the person has said and is not confirmed yet."""
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

    @property
    def down(self) -> bool:
        """Whether a room has been entered and its line is down."""
        return self._room is not None and not self._room.connected

    def enter(self, room: Room, greeting: Sequence[str] = ()) -> None:
        """Takes up the talk in `room`. The input thread calls it.

        The history is shown as soon as it is there, then who is in the room, then `greeting`.
        """
        self._room = room
        self.renderer = Renderer(room.username, one_line=self._one_line)
        self._greeting = greeting
        self._backlog = Backlog(room.behind, self._history)
        if self._backlog.complete:
            self._catch_up()
        self._entered.set()

    def leave(self) -> None:
        """Leaves the room; what is still unconfirmed is told. The input thread calls it."""
        self._entered.set()
        if self._room is not None:
            self._room.close()
            self._catch_up()

    def on_event(self, event: Event) -> None:
        """Shows an event. The listening thread calls it."""
        self._entered.wait()
        if self._room is None:
            return  # the person left before the login was through
        match event:
            case Message(replay=True):
                self._replayed(event)
            case UsersChanged():
                if self._backlog is None:  # else the list behind the backlog says it
                    self._face.show(self.renderer.event(event))
            case Gap():
                self._face.show(self.renderer.event(event))
            case _:
                self._catch_up()
                self._live(event)

    def say(self, text: str, to: str | None = None) -> None:
        """Sends a message to `to` or to everyone. It is shown when the server has confirmed it."""
        sent = self.outgoing.add(text, None if to is None else self.registered(to))
        try:
            future = self.room.submit(text, to=to)
        except ChatroomError as error:
            self._unsent(sent, error)
        else:
            future.add_done_callback(partial(self._done, sent))

    def registered(self, name: str) -> str:
        """Returns the name as it was registered, if somebody in the room has it, else as it is."""
        users = self.room.users
        if name in users:  # spares the many names of a full room being folded
            return name
        folded = fold(name)
        return next((user for user in users if fold(user) == folded), name)

    def recipient(self, name: str) -> str:
        """Returns how the one whom `name` means is shown."""
        return self.renderer.name(self.registered(name))

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

    def _live(self, event: Event) -> None:
        """Shows an event that is no replay."""
        match event:
            case LineGone(error):
                self.gone = error
                self._face.complain(self.renderer.event(event))
                self._face.hang_up()
            case LineBack(missed):
                self._face.show(self.renderer.event(event))
                with self._lock:
                    self._backlog = Backlog(missed)
                if missed == 0:
                    self._catch_up()
            case Message():
                self._tell([event])
            case _:
                self._face.show(self.renderer.event(event))

    def _replayed(self, message: Message) -> None:
        """Takes in an entry that was there before we came, or came back."""
        backlog = self._backlog
        if backlog is None:  # more than were announced
            self._tell([message])
            return
        ready = backlog.take(message)
        if backlog.complete:
            self._catch_up(ready)
        elif ready:
            self._tell(ready)

    def _catch_up(self, ready: Sequence[Message] = ()) -> None:
        """Ends the backlog, if there is one: shows the rest of it, and what waited for its end."""
        with self._lock:
            backlog, self._backlog = self._backlog, None
            held, self._held = self._held, []
        if backlog is None:
            return
        rest = ready or backlog.rest()
        if self.opened.is_set():
            self._tell(rest)
        else:
            self._face.show(self.renderer.history(self._new(rest)))
        if self.room.connected:
            self._face.show(self.renderer.users(self.room.users))
        if not self.opened.is_set():
            self._face.show(self._greeting)
            self.opened.set()
        for sent, receipt in held:
            self._said(sent, receipt)

    def _done(self, sent: Sent, future: Future[Receipt]) -> None:
        """Tells what became of a message, in the thread that learns it."""
        if error := future.exception():
            self._unsent(sent, error)
            return
        receipt = future.result()
        with self._lock:
            hold = receipt.duplicate and self._backlog is not None
            if hold:
                self._held.append((sent, receipt))
        if not hold:
            self._said(sent, receipt)
        self._settled()

    def _said(self, sent: Sent, receipt: Receipt) -> None:
        """Shows a message of one's own as said."""
        self.outgoing.remove(sent)
        me = self.room.username
        to = None if sent.to is None else self.registered(sent.to)
        comes_too = receipt.duplicate if to is None else same(to, me)
        if comes_too and self.outgoing.told_before((to is not None, receipt.epoch, receipt.seq)):
            self._face.show([])  # it is pending no more
        else:
            self._face.show(self.renderer.message(me, to, sent.text, receipt.ts))

    def _tell(self, messages: Sequence[Message]) -> None:
        """Shows messages, but those that have been shown already."""
        new = self._new(messages)
        self._face.show([line for message in new for line in self.renderer.event(message)])

    def _new(self, messages: Sequence[Message]) -> list[Message]:
        return [message for message in messages if not self._known(message)]

    def _known(self, message: Message) -> bool:
        """Returns whether it is one's own, and was shown when it was confirmed."""
        own = same(message.sender, self.room.username)
        place = message.private, message.epoch, message.seq
        return own and self.outgoing.told_before(place)

    def _unsent(self, sent: Sent, error: BaseException) -> None:
        """Tells that a message was not sent."""
        self.outgoing.remove(sent)
        self._failed(error)
        self._face.complain(self.renderer.unsent(sent.text, sent.to, error))
        self._settled()

    def _failed(self, error: BaseException) -> None:
        if isinstance(error, Refused):
            self.refused = True
        else:
            self.lost = True
