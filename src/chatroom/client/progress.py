"""How far a program has come with what it was given, and what it still has to say.

A message counts as handled when it is committed. The position that is kept is the place before the
first message that is not: what comes behind it, handled or not, comes again after a restart.
Messages of our own and places that are missing are nobody's to handle; they are passed.
"""

import logging
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from chatroom.client.errors import StateUnusable
from chatroom.client.events import Log, Message
from chatroom.client.kept import Owner, Place, Unsent
from chatroom.client.wire import Confirmation, Refusal, Reply
from chatroom.protocol.errors import ErrorCode

if TYPE_CHECKING:  # SQLite is loaded only where there is a state file
    from chatroom.client.state import StateFile

_logger = logging.getLogger("chatroom.client")

UNCOMMITTED = 100_000
"""How many messages of a log may be given out and not committed before the position stays."""

_LOGS: tuple[Log, ...] = ("room", "inbox")

_FOR_NOW = {ErrorCode.RATE_LIMITED, ErrorCode.STORAGE_FULL, ErrorCode.UNAVAILABLE}
"""Refusals that pass by themselves."""


class _Track:
    """How far the program has come in one log."""

    def __init__(self, log: Log, place: Place | None) -> None:
        self.log: Log = log
        self.kept = place  # what stands in the file
        self._reached = place  # up to where it was given messages, or there were none for it
        self._open: OrderedDict[tuple[str, int], None] = OrderedDict()  # given and not committed
        self._stuck = False  # whether there were too many of them

    def give(self, epoch: str, seq: int) -> bool:
        """A message is about to be given out; returns whether that is one too many, once."""
        self._reached = Place(epoch, seq)
        if len(self._open) < UNCOMMITTED:
            self._open[epoch, seq] = None
            return False
        stuck, self._stuck = self._stuck, True
        return not stuck

    def reach(self, place: Place) -> None:
        """There is nothing to be given out up to this place."""
        self._reached = place

    def commit(self, epoch: str, seq: int) -> None:
        """A message has been handled."""
        self._open.pop((epoch, seq), None)

    def done(self) -> Place | None:
        """Returns up to where everything has been handled."""
        if self._stuck:
            return self.kept
        for epoch, seq in self._open:
            return Place(epoch, seq - 1)
        return self._reached


class Progress:
    """What a program has handled, and what it is about to say. Any thread may call it.

    Where the state file cannot be written, `enter`, `commit` and `keep` raise `StateUnusable`; the
    others log it. The next write makes up for it. After `close()` nothing is kept, and nothing is
    raised.

    Args:
        file: Where it is kept; closed with this.
    """

    def __init__(self, file: "StateFile") -> None:
        # Guards all below. What holds it writes to the disk, and logs nothing: a log may lead back
        # here, where it ends in a room.
        self._lock = threading.Lock()
        self._file = file
        self._open = True
        self.places = file.places()
        """Where the program had come to when it was started."""
        owner = file.owner()
        self.session = None if owner is None else owner.session
        """The session of an earlier life, None if there is none."""
        self.unsent = file.unsent()
        """What an earlier life left to be sent, in its order."""
        self._inherited = {message.id for message in self.unsent}
        self._tracks = {log: _Track(log, self.places.get(log)) for log in _LOGS}
        self._done: list[str] = []  # ids to be forgotten
        self._failing = False  # whether it was told that nothing can be written

    def enter(self, username: str, session: str | None, places: Mapping[Log, Place]) -> None:
        """Keeps that somebody has logged in, and where they stand in logs that are new to us."""
        with self._lock:
            for log, place in places.items():
                if self._tracks[log].kept is None:
                    self._tracks[log].reach(place)
            if self._open:
                moved = self._moved()
                self._file.enter(Owner(username, session), moved)
                self._note(moved)

    def give(self, message: Message) -> None:
        """A message is about to be given out."""
        with self._lock:
            too_many = self._track(message).give(message.epoch, message.seq)
        if too_many:
            _logger.error(
                "%d messages were taken and not committed; until the next start no more is kept of"
                " what is handled",
                UNCOMMITTED,
            )

    def reach(self, log: Log, place: Place) -> None:
        """Up to this place there is nothing more to be given out."""
        with self._lock:
            self._tracks[log].reach(place)

    def commit(self, message: Message) -> None:
        """A message has been handled."""
        with self._lock:
            self._track(message).commit(message.epoch, message.seq)
            self._write()

    def handled(self, message: Message) -> None:
        """The same, for a thread to which an error means nothing."""
        try:
            self.commit(message)
        except StateUnusable as error:
            self._tell(error)

    def keep(self, id: str, to: str | None, text: str) -> None:
        """Keeps a message that is about to be sent."""
        with self._lock:
            if self._open:
                self._file.keep(Unsent(id, to, text))

    def settle(self, replies: Sequence[tuple[str, Reply]]) -> None:
        """Forgets what was to be sent and has been answered.

        What an earlier life left, and the server refuses for now, is kept for the next one, as
        nobody is here to send it again.
        """
        done: list[str] = []
        for name, reply in replies:
            if isinstance(reply, Refusal) and name in self._inherited:
                _logger.warning("a message of an earlier start was refused: %s", reply.message)
                if reply.code in _FOR_NOW:
                    continue
            if isinstance(reply, Refusal | Confirmation):
                done.append(name)
        self._forget(done)

    def drop(self, name: str) -> None:
        """Forgets what was to be sent and will not be."""
        self._forget([name])

    def _forget(self, done: list[str]) -> None:
        try:
            with self._lock:
                self._done += done
                self._write()
        except StateUnusable as error:
            self._tell(error)

    def _tell(self, error: StateUnusable) -> None:
        """Logs what nobody waits for; once, not with every message."""
        if not self._failing:
            self._failing = True
            _logger.error("%s", error)

    def close(self) -> None:
        """Gives the file back."""
        with self._lock:
            if self._open:
                self._open = False
                self._file.close()

    def _track(self, message: Message) -> _Track:
        return self._tracks["inbox" if message.private else "room"]

    def _moved(self) -> dict[Log, Place]:
        """Returns the positions that are not in the file yet."""
        done = {track.log: (track.done(), track.kept) for track in self._tracks.values()}
        return {log: place for log, (place, kept) in done.items() if place and place != kept}

    def _write(self) -> None:
        """Writes what has changed."""
        if not self._open:
            return
        moved = self._moved()
        if moved or self._done:
            self._file.note(moved, self._done)
            self._done = []
            self._failing = False
            self._note(moved)

    def _note(self, moved: Mapping[Log, Place]) -> None:
        for log, place in moved.items():
            self._tracks[log].kept = place
