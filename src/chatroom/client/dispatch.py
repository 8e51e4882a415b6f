"""What a frame of the server leads to: an event, a settled request, a known place in a log.

Belongs to the listening thread. Frames come in batches, one per read from the socket, and queues
and requests are touched once per batch, as their locks would cost more than the frames do.
"""

import logging
from collections.abc import Callable, Sequence

from chatroom.client.events import Event, Gap, Message, UsersChanged
from chatroom.client.inbox import Inbox
from chatroom.client.pending import Pending
from chatroom.client.position import Position
from chatroom.client.wire import (
    Bye,
    Confirmation,
    LineBroken,
    Pong,
    Refusal,
    Reply,
    Roster,
    Said,
    Whispered,
    read,
)
from chatroom.protocol.errors import ErrorCode
from chatroom.protocol.frames import Frame

_logger = logging.getLogger("chatroom.client")

_UNREAD_BY_SERVER = {ErrorCode.BAD_JSON, ErrorCode.BAD_FRAME, ErrorCode.FRAME_TOO_LARGE}
"""Errors without an id because the server could not read it. They belong to the oldest request, as
a server answers the requests of one connection in their order."""


class Dispatcher:
    """Takes frames apart and gives everyone what is theirs.

    Args:
        users: Who is here, from the welcome.
        inbox: Where messages go when nobody listens for events.
        pending: The requests that wait for replies.
        on_event: Is told everything, if given; the inbox then stays empty.
    """

    def __init__(
        self,
        users: tuple[str, ...],
        inbox: Inbox,
        pending: Pending,
        on_event: Callable[[Event], None] | None,
    ) -> None:
        self.users = users  # replaced as a whole, so that any thread may read it
        self._inbox = inbox
        self._pending = pending
        self._on_event = on_event
        self._room = Position("room")
        self._direct = Position("inbox")
        self._messages: list[Message] = []  # of this batch, for the inbox
        self._replies: list[tuple[str, Reply]] = []  # of this batch
        self._handlers: dict[str, Callable[[dict[str, object]], None]] = {
            "broadcast": self._broadcast,
            "direct_message": self._direct_message,
            "confirmation": self._confirmation,
            "update_users": self._update_users,
            "active_users": self._active_users,
            "pong": self._pong,
            "error": self._error,
            "bye": self._bye,
        }

    def take(self, frames: Sequence[Frame]) -> None:
        """Takes in what one read brought.

        Raises:
            LineBroken: The server said goodbye or something that cannot be followed. What came
                before it has been taken in.
        """
        try:
            for frame in frames:
                if not isinstance(frame, dict):
                    raise LineBroken(f"The server sent something unreadable: {frame.message}")
                kind = frame.get("type")
                handler = self._handlers.get(kind) if isinstance(kind, str) else None
                if handler is not None:  # what a newer server says besides is none of our business
                    handler(frame)
        finally:
            self._finish_batch()

    def _finish_batch(self) -> None:
        if self._messages:
            self._inbox.put(self._messages)
            self._messages = []
        self._settle()
        self._tell_gaps()

    def _tell_gaps(self) -> None:
        """Tells what has been missed for certain."""
        if self._room.waiting or self._direct.waiting:
            oldest = self._pending.oldest
            for gap in self._room.ripe(oldest) + self._direct.ripe(oldest):
                self.emit(gap)

    def _settle(self) -> None:
        """Settle the requests that were answered so far in this batch."""
        if self._replies:
            self._pending.answer(self._replies)
            self._replies = []

    def emit(self, event: Event) -> None:
        """Tells an event; whatever the callback raises is logged and goes no further."""
        if self._on_event is None:
            if isinstance(event, Gap):  # nobody else would ever know
                _logger.warning(
                    "%d messages were missed (%s, %d to %d)",
                    event.missed,
                    event.log,
                    event.first,
                    event.last,
                )
            return
        try:
            self._on_event(event)
        except Exception:
            _logger.exception("on_event failed on %s", type(event).__name__)

    def update(self, users: tuple[str, ...]) -> UsersChanged | None:
        """Keeps a new list of users; returns what has changed, None when nothing has."""
        before, self.users = self.users, users
        if before == users:
            return None
        known, now = set(before), set(users)
        came = tuple(name for name in users if name not in known)
        left = tuple(name for name in before if name not in now)
        return UsersChanged(users, came, left)

    def _deliver(self, message: Message) -> None:
        if self._on_event is None:
            self._messages.append(message)
        else:
            self._settle()  # what we said before it shows before it
            self._tell_gaps()  # and so does that something is missing before it
            self.emit(message)

    def _broadcast(self, frame: dict[str, object]) -> None:
        said = read(frame, Said)
        self._room.entry(said.epoch, said.seq, said.prev, self._pending.newest)
        self._deliver(
            Message(said.sender, said.text, False, None, said.seq, said.prev, said.epoch, said.ts)
        )

    def _direct_message(self, frame: dict[str, object]) -> None:
        said = read(frame, Whispered)
        # No confirmation fills a hole in this log, so no request is worth waiting for.
        self._direct.entry(said.epoch, said.seq, said.prev, newest=0)
        self._deliver(
            Message(said.sender, said.text, True, said.to, said.seq, said.prev, said.epoch, said.ts)
        )

    def _confirmation(self, frame: dict[str, object]) -> None:
        reply = read(frame, Confirmation)
        # A direct message stands in its recipient's log, where we have no position.
        if reply.command.upper() == "PM":
            self._room.own(reply.epoch, reply.seq, self._pending.newest)
        self._reply(reply)

    def _update_users(self, frame: dict[str, object]) -> None:
        self._users_changed(read(frame, Roster).users)

    def _active_users(self, frame: dict[str, object]) -> None:
        reply = read(frame, Roster)
        self._users_changed(reply.users)
        self._reply(reply)

    def _users_changed(self, users: tuple[str, ...]) -> None:
        changed = self.update(users)
        if changed is not None:
            self.emit(changed)

    def _pong(self, frame: dict[str, object]) -> None:
        self._reply(read(frame, Pong))

    def _error(self, frame: dict[str, object]) -> None:
        reply = read(frame, Refusal)
        if reply.code == ErrorCode.SHUTTING_DOWN:
            return  # the request stays, and goes out again on the next line
        if reply.id is None and reply.code in _UNREAD_BY_SERVER:
            self._finish_batch()  # so that the oldest request is the one at fault
            oldest = self._pending.oldest_id
            if oldest is not None:
                self._replies.append((oldest, reply))
        elif reply.id is None:
            _logger.warning("the server reports %s: %s", reply.code, reply.message)
        else:
            self._reply(reply)

    def _reply(self, reply: Reply) -> None:
        if reply.id is not None:
            self._replies.append((reply.id, reply))

    def _bye(self, frame: dict[str, object]) -> None:
        raise read(frame, Bye).as_broken()
