"""What a frame of the server leads to: an event, a settled request, a position in a log.

Belongs to the listening thread. Frames come in batches, one per read from the socket.

The position in a log moves to an entry before the program gets it. An entry for which there is no
room does not move it, so that the next line brings it again.
"""

import logging
from collections.abc import Callable, Iterable, Sequence

from chatroom.client.events import Message, UsersChanged
from chatroom.client.handover import Handover
from chatroom.client.heartbeat import PONG
from chatroom.client.outbox import Outbox
from chatroom.client.pending import Pending
from chatroom.client.places import Missing, Places
from chatroom.client.position import Position
from chatroom.client.wire import (
    Bye,
    Confirmation,
    Inquiry,
    Lacking,
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
        places: The positions in the logs.
        handover: Where messages, events and answers go.
        pending: The requests that wait for replies.
        outbox: Where signs of life go out.
    """

    def __init__(
        self, places: Places, handover: Handover, pending: Pending, outbox: Outbox
    ) -> None:
        self.users: tuple[str, ...] = ()  # replaced as a whole, so that any thread may read it
        self._places = places
        self._handover = handover
        self._pending = pending
        self._outbox = outbox
        self._handlers: dict[str, Callable[[dict[str, object]], None]] = {
            "broadcast": self._broadcast,
            "direct_message": self._direct_message,
            "confirmation": self._confirmation,
            "update_users": self._update_users,
            "active_users": self._active_users,
            "ping": self._ping,
            "pong": self._pong,
            "gap": self._gap,
            "error": self._error,
            "bye": self._bye,
        }

    def take(self, frames: Sequence[Frame]) -> None:
        """Takes in what one read brought.

        Raises:
            LineBroken: The server said goodbye or something that cannot be followed, or left out
                messages. What came before it has been taken in.
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
            self._handover.flush()

    def _broadcast(self, frame: dict[str, object]) -> None:
        said = read(frame, Said)
        if self._advance(self._places.room, said):
            self._handover.message(
                Message(
                    said.sender,
                    said.text,
                    False,
                    None,
                    said.seq,
                    said.prev,
                    said.epoch,
                    said.ts,
                    said.replay,
                )
            )

    def _direct_message(self, frame: dict[str, object]) -> None:
        said = read(frame, Whispered)
        if self._advance(self._places.inbox, said):
            self._handover.message(
                Message(
                    said.sender,
                    said.text,
                    True,
                    said.to,
                    said.seq,
                    said.prev,
                    said.epoch,
                    said.ts,
                    said.replay,
                )
            )

    def _advance(self, position: Position, said: Said | Whispered) -> bool:
        """Moves a position to an entry; returns whether the program is to get it.

        Raises:
            LineBroken: Others are missing before it.
        """
        if said.prev != position.seq or said.epoch != position.epoch:  # not simply the next
            if self._handover.parked or position.has(said.epoch, said.seq):
                return False
            self._reach(position, said.epoch, said.prev)
        if not self._handover.has_room():
            return False
        position.seq = said.seq
        if position.own and position.take_own(said.seq):
            self._handover.passed(position)
            return False
        return True

    def _reach(self, position: Position, epoch: str, prev: int) -> None:
        """Goes up to the place before an entry, and tells what is missing for good."""
        gap = position.reach(epoch, prev)
        if gap is not None:
            self._handover.gap(position, gap)

    def _confirmation(self, frame: dict[str, object]) -> None:
        reply = read(frame, Confirmation)
        self._reply(reply)
        # A direct message stands in its recipient's log, where we have no position. What is a
        # duplicate has an old place, and comes as a message if we do not have it.
        if reply.command.upper() == "PM" and not reply.duplicate:
            self._own(self._places.room, reply)

    def _own(self, position: Position, reply: Confirmation) -> None:
        """Moves the position to a message of our own."""
        if position.has(reply.epoch, reply.seq):
            return
        if self._handover.parked:
            position.remember(reply.epoch, reply.seq)
            return
        try:
            self._reach(position, reply.epoch, reply.seq - 1)
        except LineBroken:
            position.remember(reply.epoch, reply.seq)
            raise
        position.seq = reply.seq
        self._handover.passed(position)

    def _gap(self, frame: dict[str, object]) -> None:
        lacking = read(frame, Lacking)
        if not self._handover.parked:
            self._tell(self._places.lack(lacking))

    def _ping(self, frame: dict[str, object]) -> None:
        inquiry = read(frame, Inquiry)
        self._outbox.sign(PONG)
        if not self._handover.parked:
            self._tell(self._places.check(inquiry))

    def _tell(self, missing: Iterable[Missing]) -> None:
        for position, gap in missing:
            self._handover.gap(position, gap)

    def _update_users(self, frame: dict[str, object]) -> None:
        self._users_changed(read(frame, Roster).users)

    def _active_users(self, frame: dict[str, object]) -> None:
        reply = read(frame, Roster)
        self._users_changed(reply.users)
        self._reply(reply)

    def _users_changed(self, users: tuple[str, ...]) -> None:
        before, self.users = self.users, users
        if before == users:
            return
        known, now = set(before), set(users)
        came = tuple(name for name in users if name not in known)
        left = tuple(name for name in before if name not in now)
        self._handover.event(UsersChanged(users, came, left))

    def _pong(self, frame: dict[str, object]) -> None:
        self._reply(read(frame, Pong))

    def _error(self, frame: dict[str, object]) -> None:
        reply = read(frame, Refusal)
        if reply.code == ErrorCode.SHUTTING_DOWN:
            return  # the request stays, and goes out again on the next line
        if reply.code == ErrorCode.RATE_LIMITED and self._put_off(reply):
            return
        if reply.id is None and reply.code in _UNREAD_BY_SERVER:
            self._handover.flush()  # so that the oldest request is the one at fault
            oldest = self._pending.oldest_id
            if oldest is not None:
                self._handover.reply(oldest, reply)
        elif reply.id is None:
            _logger.warning("the server reports %s: %s", reply.code, reply.message)
        else:
            self._reply(reply)

    def _put_off(self, reply: Refusal) -> bool:
        """Has what came too fast go out again later; returns whether that can be done."""
        if reply.id is None or reply.retry_after is None:
            return False
        return self._pending.put_off(reply.id, reply.retry_after)

    def _reply(self, reply: Reply) -> None:
        if reply.id is not None:
            self._handover.reply(reply.id, reply)

    def _bye(self, frame: dict[str, object]) -> None:
        raise read(frame, Bye).as_broken()
