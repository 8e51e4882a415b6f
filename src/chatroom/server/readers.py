"""Everyone who is sent something: who keeps up, whose socket is full, and who is ending.

A reader whose socket is full is watched by the selector, and its replies wait in its outbox. When
there is room it goes on from its position, out of the tail or, further behind, out of the log,
until it has caught up and is one of the others again.
"""

import logging
import selectors
from collections import deque
from collections.abc import Collection, Iterable, Iterator

from chatroom.log.base import Account, StoreError
from chatroom.protocol import events
from chatroom.server.backlog import Backlog
from chatroom.server.face import LINES, Framing, Shared
from chatroom.server.outbox import Outbox
from chatroom.server.round import Round
from chatroom.server.tail import TAIL_BYTES, Run, Tail

PIECES = 32
"""How many pieces those who are behind are sent, all together, before it is the others' turn."""

_log = logging.getLogger(__name__)


class Readers:
    """All outboxes that anything goes to. Belongs to the delivery thread.

    Args:
        head: the place of the newest public message.
        backlog: reads what the tail no longer has.
        selector: where full sockets are watched; its events carry the outbox as data.
        tail_bytes: how much of the newest public messages is kept for them.
    """

    def __init__(
        self,
        head: int,
        backlog: Backlog,
        selector: selectors.BaseSelector,
        tail_bytes: int = TAIL_BYTES,
    ) -> None:
        self.head = head
        """The place of the newest public message that was sent."""
        self.roster = Shared(b"")
        """The newest list of users that was sent."""
        self.present = 0
        """How many readers are in the room."""
        self._backlog = backlog
        self._selector = selector
        self._tail = Tail(tail_bytes)
        self._present: dict[int, dict[Outbox, None]] = {}  # who is in the room, by account
        # Those of them whose socket is not full, by how they are sent events.
        self._current: dict[Framing, dict[Outbox, None]] = {}
        self._ready: deque[Outbox] = deque()  # whose sockets have room again, each until its turn
        self._turn = PIECES  # how many pieces each of them gets
        self._watched = 0  # how many sockets the selector watches for us

    def __iter__(self) -> Iterator[Outbox]:
        """Go through everyone who is in the room."""
        for readers in self._present.values():
            yield from readers

    def of(self, account: Account) -> Collection[Outbox]:
        """Return the readers of `account` who are in the room."""
        return self._present.get(account.number, ())

    def join(self, outbox: Outbox, account: Account, place: int, first: int | None = None) -> None:
        """Take a reader into the room.

        One that starts further back, here or in its inbox (see `Direct.begin`), is behind from
        the beginning, and catches up as one whose socket was full does.

        Args:
            outbox: the reader.
            account: whose it is.
            place: the place of the next public message.
            first: the place of the first one that it gets; None for the next.
        """
        outbox.account = account
        outbox.begin = outbox.position = place if first is None else first
        outbox.live = place
        self._present.setdefault(account.number, {})[outbox] = None
        self.present += 1
        if outbox.stalled or outbox.finished:
            return
        if outbox.begin < place or outbox.direct.first:
            self._stall(outbox)
        else:
            self._keep_up(outbox)

    def part(self, outbox: Outbox, place: int) -> None:
        """Take a reader out of the room, who gets no public message from `place` on."""
        outbox.end = place
        self._fall_behind(outbox)
        if outbox.account is not None:
            readers = self._present.get(outbox.account.number, {})
            if outbox in readers:
                del readers[outbox]
                self.present -= 1
            if not readers:
                self._present.pop(outbox.account.number, None)

    def _keep_up(self, outbox: Outbox) -> None:
        self._current.setdefault(outbox.framing, {})[outbox] = None

    def _fall_behind(self, outbox: Outbox) -> None:
        self._current.get(outbox.framing, {}).pop(outbox, None)

    def send(self, work: Round) -> None:
        """Send a round to everyone it concerns."""
        run = work.run()
        self.head = run.next - 1
        if run.data:
            self._tail.add(run)
        for outbox, inserts in work.inserts.items():
            if outbox.stalled:
                outbox.defer(inserts)
            elif not (outbox.dead or outbox.finished):
                framing = outbox.framing
                framed = run if framing is LINES else self._tail.framed(run, framing)
                if not outbox.send_own(framed, inserts):
                    self._stall(outbox)
            self.settle(outbox)
        if run.data:
            for outbox in self._send_same(run, work):
                self._stall(outbox)
                self.settle(outbox)

    def _send_same(self, run: Run, work: Round) -> list[Outbox]:
        """Send `run` to all who keep up and get nothing of their own; return those who cannot."""
        own, full = work.inserts, list[Outbox]()
        for framing, current in self._current.items():
            if current:
                framed = self._tail.framed(run, framing)
                full += [
                    outbox
                    for outbox in current
                    if outbox not in own and not outbox.send_same(framed)
                ]
        return full

    def _stall(self, outbox: Outbox) -> None:
        """Watch a socket that took less than it was given."""
        self._fall_behind(outbox)
        if not outbox.dead:
            outbox.stalled = True
            self._watched += 1
            outbox.start_clock()
            self._selector.register(outbox, selectors.EVENT_WRITE, outbox)

    @property
    def lagging(self) -> int:
        """How many sockets are full, and watched for room. Any thread may ask."""
        return self._watched

    @property
    def behind(self) -> bool:
        """Whether any sockets are watched for room."""
        return self._watched > 0

    @property
    def ready(self) -> bool:
        """Whether some are still to have their turn of those who were taken up."""
        return bool(self._ready)

    def take_up(self, outboxes: Iterable[Outbox]) -> None:
        """Give those whose sockets have room again one turn each, all of the same length."""
        self._ready.extend(outboxes)
        self._turn = PIECES // min(max(len(self._ready), 1), PIECES)

    def resume(self) -> None:
        """Send those whose turn it is what they missed, `PIECES` pieces at most all together."""
        for _ in range(min(PIECES // self._turn, len(self._ready))):
            outbox = self._ready.popleft()
            if outbox.stalled:  # nor given up meanwhile
                self._resume(outbox)

    def _resume(self, outbox: Outbox) -> None:
        try:
            caught_up = self._catch_up(outbox)
        except StoreError as error:
            _log.error("A reader's connection is given up, for its messages are gone: %s", error)
            outbox.kill()
            caught_up = False
        if caught_up:
            self._unwatch(outbox)
            if outbox.account is not None and outbox in self.of(outbox.account):
                self._keep_up(outbox)
        else:
            outbox.start_clock()  # it was found to have room
        self.settle(outbox)

    def _catch_up(self, outbox: Outbox) -> bool:
        """Send some of what a reader missed; return whether that was all."""
        for _ in range(self._turn):
            if not outbox.send_missing():
                return False
            place = max(outbox.position, outbox.begin)
            stop = min(outbox.end, self.head + 1)
            if place < stop:
                sent = self._send_public(outbox, place, stop)
            elif outbox.waiting:
                sent = outbox.send_own(Run(self.head + 1))
            elif outbox.direct.first and outbox.account is not None:
                sent = self._send_private(outbox, outbox.account)
            elif outbox.roster_due:
                outbox.roster_due = False
                sent = outbox.send_frame(self.roster.framed(outbox.framing))
            else:
                return True
            if not sent:
                return False
        return False

    def _send_public(self, outbox: Outbox, place: int, stop: int) -> bool:
        """Send some public messages from `place` on; return whether the socket took them."""
        framing = outbox.framing
        if place < outbox.live:
            until = min(stop, outbox.live)
            run = self._backlog.public(place, until, events.REPLAY, framing=framing)
        else:
            kept = self._tail.find(place, framing)
            run = kept or self._backlog.public(place, stop, framing=framing)
        if run.first > place:
            outbox.tell_gap(place, run.first)
        return outbox.send_own(run)

    def _send_private(self, outbox: Outbox, account: Account) -> bool:
        """Send some of the direct messages that are due; return whether the socket took them."""
        direct, framing = outbox.direct, outbox.framing
        place, old = direct.first, direct.first < direct.live
        stop = min(direct.until, direct.live) if old else direct.until
        mark = events.REPLAY if old else ""
        run = self._backlog.private(account, place, stop, mark, framing=framing)
        direct.go_on_at(run.next)
        lost = events.gap("inbox", place, run.first - 1, "retention") if run.first > place else b""
        return outbox.send_frame(framing.frame(lost) + run.data)

    def settle(self, outbox: Outbox) -> None:
        """Do what is to be done once everything is sent, or when nothing can be."""
        if outbox.finishing and not (outbox.finished or outbox.stalled or outbox.dead):
            if outbox.say_farewell():
                outbox.finish()
            else:
                self._stall(outbox)
        if outbox.dead:
            self._unwatch(outbox)
            self._fall_behind(outbox)
        if outbox.released and not outbox.stalled:
            outbox.close()

    def _unwatch(self, outbox: Outbox) -> None:
        if outbox.stalled:
            outbox.stalled = False
            self._watched -= 1
            outbox.stuck = None
            self._selector.unregister(outbox)
