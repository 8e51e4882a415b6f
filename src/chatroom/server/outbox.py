"""The writing side of one connection.

What a reader is sent is one stream: the public messages in the order of the log, and between them
what is for this reader alone, each `Insert` at its place. A reader who keeps up is never told
apart from the others. One whose socket is full keeps a position in the log and the replies that
are its own, and nothing else: the rest is in the log when it reads again.
"""

import socket
import struct
import sys
from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Sequence
from operator import attrgetter

from msgspec.structs import replace

from chatroom.log.base import Account
from chatroom.protocol import events
from chatroom.server.channel import Channel
from chatroom.server.debt import Debt
from chatroom.server.direct import Direct
from chatroom.server.face import LINES, Framing
from chatroom.server.insert import Insert, Piece
from chatroom.server.stuck import Stuck
from chatroom.server.tail import Run
from chatroom.server.timers import Timer

_AT_ONCE = socket.MSG_DONTWAIT
_RESET = struct.pack("ii", 1, 0)
NOWHERE = sys.maxsize
"""The place of a reader who gets no public messages."""

_PORTION_PIECES = 256
_PORTION_BYTES = 256 * 1024
"""So much is arranged at a time, and no socket takes much more at once: what it does not take is
arranged again."""


class Outbox:
    """One connection's writing side. All but `debt` and `stuck_seconds` is the delivery thread's.

    Args:
        channel: the connection, blocking; only ever written to with MSG_DONTWAIT.
    """

    def __init__(self, channel: Channel) -> None:
        self.channel = channel  # the reading thread puts TLS in its place if that is spoken
        self.framing: Framing = LINES
        """How events are sent; the default while it is not known what the client speaks."""
        self.debt = Debt()
        """The replies that the connection asked for."""
        self.account: Account | None = None
        """Whose connection it is, None before the login."""
        self.begin = NOWHERE
        """The place of the first public message that this reader gets."""
        self.end = NOWHERE
        """The place of the first one that it no longer gets."""
        self.live = 0
        """The place of the first one that was said when it was here already."""
        self.position = 0
        """Where to go on, if that is behind the run that is being sent."""
        self.waiting: deque[Insert] = deque()
        """What is to be sent behind what is missing now."""
        self.missing, self._missing_weight = b"", 0
        """The rest of something that has been sent in part, and what it weighs."""
        self.stalled = False
        """Whether the socket was full and is being watched."""
        self.direct = Direct()
        """The direct messages that were passed over."""
        self.stuck: Stuck | None = None
        """Since when the socket has taken nothing, None while it is not full."""
        self.roster_version, self.roster_due = 0, False
        """Which list of users this reader has, and whether a newer one was passed over."""
        self.dead = False
        """Whether nothing can be sent any more."""
        self.farewell = b""
        """What is to be sent as the last thing, as it is."""
        self.finishing = False
        """Whether the stream ends when all is sent."""
        self.finished = False
        """Whether it has ended."""
        self.deadline: Timer | None = None
        """When the connection is given up, once it is ending."""
        self.released = False
        """Whether the reading thread has ended."""

    def fileno(self) -> int:
        """Return the descriptor, for a selector."""
        return self.channel.fileno()

    def stuck_seconds(self) -> float | None:
        """Return for how long the full socket has taken nothing, None if it is not full."""
        stuck = self.stuck
        return None if stuck is None else stuck.seconds()

    def send_same(self, run: Run) -> bool:
        """Send all of `run`, as to everyone; return whether the socket took it."""
        # What `_send` does, without another call for each of thousands of readers: that makes the
        # fan-out 7 % cheaper.
        try:
            sent = self.channel.send(run.data, _AT_ONCE)
        except BlockingIOError:
            sent = 0
        except OSError:
            self.kill()
            sent = 0
        if sent == len(run.data):
            return True
        self.position, self.missing = run.locate(run.first, sent)
        return False

    def send_own(self, run: Run, inserts: Sequence[Insert] = ()) -> bool:
        """Send `run`, from where the reader stands, with its own at its places in it.

        Args:
            run: the public messages.
            inserts: what is the reader's own and new, to be sent behind what waits.

        Returns:
            Whether the socket took all of it. If not, the rest is remembered.
        """
        if run.first == run.next and not self.waiting:
            self.position = max(self.position, run.first)
            return self._send_alone(inserts)
        self.waiting.extend(inserts)
        while pieces := self._arrange(run):
            if not self._send_pieces(run, pieces):
                if inserts:
                    rest, self.waiting = self.waiting, deque()
                    self.defer(rest)
                return False
        return True

    def _send_alone(self, inserts: Sequence[Insert]) -> bool:
        """Send what is the reader's own where there are no public messages for it to stand between.

        That is all there is to direct messages and replies. It takes a quarter of the time of
        arranging pieces.
        """
        data = b"".join([insert.frame for insert in inserts])
        sent = self._send(data) if data else 0
        if sent == len(data):
            self.debt.pay(sum([insert.weight for insert in inserts]))
            return True
        if not self.dead:
            self._stop_among(inserts, sent)
        return False

    def _stop_among(self, inserts: Sequence[Insert], sent: int) -> None:
        """Remember that only `sent` bytes of `inserts` have been sent."""
        for index, insert in enumerate(inserts):
            if sent < len(insert.frame):
                self.missing = insert.frame[sent:]
                self._missing_weight = insert.weight
                self.defer(inserts[index + 1 :])
                return
            sent -= len(insert.frame)
            self.debt.pay(insert.weight)

    def _arrange(self, run: Run) -> list[Piece]:
        """Return what is to be sent next, and take the place behind it."""
        pieces: list[Piece] = []
        size = 0
        stop = min(run.next, self.end)
        while len(pieces) < _PORTION_PIECES and size < _PORTION_BYTES:
            insert = self.waiting[0] if self.waiting and self.waiting[0].at <= run.next else None
            place = max(run.first, self.begin, self.position)
            until = stop if insert is None else min(insert.at, stop)
            if place < until:
                pieces.append(Piece(run.cut(place, until), place))
                size += len(pieces[-1].data)
                self.position = until
            if insert is None:
                self.position = max(self.position, stop)
                break
            self.position = max(self.position, insert.resume)
            pieces.append(Piece(insert.frame, self.position, self.waiting.popleft()))
            size += len(insert.frame)
        return pieces

    def _send_pieces(self, run: Run, pieces: list[Piece]) -> bool:
        """Send `pieces`; return whether the socket took them, or remember the rest."""
        sent = self._send(b"".join([piece.data for piece in pieces]))
        if self.dead:
            return False
        for index, piece in enumerate(pieces):
            if sent < len(piece.data):
                self._stop_in(run, piece, sent)
                rest = reversed(pieces[index + 1 :])
                self.waiting.extendleft(piece.insert for piece in rest if piece.insert)
                return False
            sent -= len(piece.data)
            if piece.insert:
                self.debt.pay(piece.insert.weight)
        return True

    def _stop_in(self, run: Run, piece: Piece, sent: int) -> None:
        """Remember that only `sent` bytes of `piece` have been sent."""
        if piece.insert:
            self.position = piece.place
            self.missing = piece.insert.frame[sent:]
            self._missing_weight = piece.insert.weight
        else:
            self.position, self.missing = run.locate(piece.place, sent)

    def defer(self, inserts: Iterable[Insert]) -> None:
        """Remember `inserts` for later, behind what waits already.

        Of what the inbox holds anyway, only that it is missing.
        """
        for insert in inserts:
            if insert.inbox:
                self.direct.add(insert.inbox)
            elif insert.late:
                self.waiting.append(replace(insert, frame=insert.late, late=b""))
            else:
                self.waiting.append(insert)

    def tell_gap(self, place: int, behind: int) -> None:
        """Tell, in its place, that the public messages from `place` to `behind` are gone."""
        gap = Insert(place, events.gap("room", place, behind - 1, "retention"), behind)
        gap = gap.framed(self.framing)
        self.waiting.insert(bisect_right(self.waiting, place, key=attrgetter("resume")), gap)

    def skip(self) -> None:
        """Give up what was to be sent, but for the rest of what has been sent in part."""
        self.end = 0
        self.waiting.clear()
        self.direct.forget()
        self.roster_due = False

    def send_missing(self) -> bool:
        """Send the rest of what has been sent in part; return whether the socket took it."""
        if self.missing:
            sent = self._send(self.missing)
            self.missing = self.missing[sent:]
            if self.missing:
                return False
            self.debt.pay(self._missing_weight)
            self._missing_weight = 0
        return True

    def send_frame(self, frame: bytes) -> bool:
        """Send something that has no place of its own; return whether the socket took it."""
        sent = self._send(frame)
        self.missing = frame[sent:]
        return not self.missing

    def say_farewell(self) -> bool:
        """Send the last thing, if that has not been done; return whether the socket took it."""
        frame, self.farewell = self.farewell, b""
        return not frame or self.send_frame(frame)

    def start_clock(self) -> None:
        """Count the time in which the socket takes nothing from now on."""
        self.stuck = Stuck(self.channel)

    def _send(self, data: bytes | memoryview) -> int:
        """Send as much of `data` as the socket takes; return how many bytes that was."""
        try:
            return self.channel.send(data, _AT_ONCE)
        except BlockingIOError:
            return 0
        except OSError:  # the other side is gone
            self.kill()
            return 0

    def finish(self) -> None:
        """Tell the other side that nothing more comes."""
        self.finished = True
        try:
            self.channel.shutdown(socket.SHUT_WR)
        except OSError:
            self.kill()

    def kill(self) -> None:
        """Give the connection up: wake the reading thread, forget what was to be sent."""
        self.dead = True
        self.waiting.clear()
        self.missing = b""
        self.debt.forgive()
        try:
            # Closed with a reset: whoever is still sending is to notice, which behind a closed
            # window takes minutes otherwise.
            self.channel.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            self.channel.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # it was not connected any more, and the reading thread knows

    def close(self) -> None:
        """Give the descriptor back. The reading thread must have ended."""
        self.dead = True
        if self.deadline is not None:
            self.deadline.cancel()
        self.channel.close()
