"""The thread that sends: the only one that writes to a client's socket.

Each round takes all that has been committed meanwhile, encodes and joins it once, and gives every
reader who keeps up the same bytes in one call that never blocks. The busier the room, the more
goes into a round and the less a delivery costs.
"""

import contextlib
import logging
import selectors
import socket
import threading
import time
from collections.abc import Sequence

from chatroom.auth.accounts import Accounts
from chatroom.config import Limits
from chatroom.log.base import ROOM, Appended, Draft, Store, StoreError
from chatroom.log.committer import Done
from chatroom.log.handoff import Handoff, HandoffClosed
from chatroom.protocol import events
from chatroom.room.roster import Member
from chatroom.room.tickets import Arrival, Departure, Inquiry, Private, Public, RosterChange
from chatroom.server.backlog import Backlog
from chatroom.server.counts import Counts
from chatroom.server.greeter import Greeter
from chatroom.server.news import RosterNews
from chatroom.server.outbox import Outbox
from chatroom.server.readers import Readers
from chatroom.server.round import CONFIRMATION_WEIGHT, Round, Stamps, refusal
from chatroom.server.tickets import Abandon, Answer, Farewell, Release, Ticket, Verbatim
from chatroom.server.timers import Timers

QUEUE = 4096
"""How many outcomes wait for the delivery at most; then the committer waits."""

LINGER_SECONDS = 5.0
"""How long a connection that ends has to take what it is still to be sent."""

_PING_FROM_BEHIND = events.ping()

_log = logging.getLogger(__name__)


class Delivery:
    """Owns the writing side of every connection, in a thread of its own named `delivery`.

    Args:
        store: where those who are behind read.
        accounts: who the numbers in the log are.
        timers: where the time of a connection that ends runs out.
        limits: what clients are told of the heartbeat.
        counts: where what is done is counted, None for nowhere.
    """

    def __init__(
        self,
        store: Store,
        accounts: Accounts,
        timers: Timers,
        limits: Limits,
        counts: Counts | None = None,
    ) -> None:
        self._store = store
        self._timers = timers
        self._queue: Handoff[Done[Ticket]] = Handoff(QUEUE, self._wake)
        self._waker, self._woken = socket.socketpair()
        self._waker.setblocking(False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._woken, selectors.EVENT_READ)
        backlog = Backlog(store, accounts)
        self._readers = Readers(store.head(ROOM), backlog, self._selector)
        # The places of the newest direct messages that were sent, by inbox; 0 for those not in it.
        self._heads = {inbox: store.head(inbox) for inbox in accounts.inboxes()}
        self._greeter = Greeter(store, self._heads, limits)
        self._news = RosterNews(self._readers)
        self._stamps = Stamps(store.epoch)
        self._counts = counts or Counts()
        self._stopping = False
        self._selecting = False  # whether the thread waits in the selector, or is about to
        self._thread = threading.Thread(target=self._run, name="delivery", daemon=True)

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def put(self, done: Sequence[Done[Ticket]], *, wait: bool = True) -> None:
        """Hand in what was committed, in its order. See `Handoff.put`."""
        self._queue.put(done, wait=wait)

    def stop(self) -> None:
        """Send what is there, as far as sockets take it at once, and end the thread."""
        self._queue.close()
        self._stopping = True
        self._wake()
        self._thread.join()
        self._selector.close()
        self._waker.close()
        self._woken.close()

    def _wake(self) -> None:
        """Interrupt the selector, if the thread waits there. Any thread may call it."""
        if not self._selecting:
            return
        try:
            self._waker.send(b"\0")
        except BlockingIOError:
            return  # there is a wake-up under way already

    def _run(self) -> None:
        try:
            self._work()
        finally:
            self._queue.close()  # after a fault of ours nobody is to wait for room in it

    def _work(self) -> None:
        """Wait for work; while some sockets are full, for room in them too."""
        while True:
            self._selecting = self._readers.behind
            stopping = self._stopping  # before the last look, which is to find all there is
            done = self._queue.poll() if self._selecting else self._queue.take()
            if done:
                self._deliver(done)
            elif stopping or not self._selecting:
                return
            if self._selecting:
                self._serve_sockets(wait=not done)

    def _serve_sockets(self, *, wait: bool) -> None:
        """Go on with some whose socket has room again; wait for that, or for work, if asked to."""
        if not self._readers.ready:  # all who had room have had their turn
            keys = [key for key, _ in self._selector.select(None if wait else 0)]
            if any(key.data is None for key in keys):
                self._woken.recv(64)
            self._readers.take_up(key.data for key in keys if key.data is not None)
        self._readers.resume()

    @property
    def lagging(self) -> int:
        """How many sockets are full, so that their readers are behind. Any thread may ask."""
        return self._readers.lagging

    def _deliver(self, done: list[Done[Ticket]]) -> None:
        """Do one round."""
        begin = time.perf_counter()
        work = Round(self._readers.head + 1, done)
        for one in done:
            self._take_up(work, one)
        self._readers.send(work)
        self._counts.public += work.next - work.first
        self._counts.rounds.observe(time.perf_counter() - begin)

    def _take_up(self, work: Round, done: Done[Ticket]) -> None:
        """Find out what a ticket means, and for whom."""
        match done.ticket:
            case Public() as ticket:
                self._say(work, ticket, done)
            case Private() as ticket:
                self._whisper(work, ticket, done)
            case Answer(outbox, frame) as answer:
                work.insert(outbox, frame, weight=answer.weight)
            case Verbatim() as ticket:
                self._pass_on(work, ticket)
            case Arrival() as ticket:
                self._welcome(work, ticket, done)
            case Inquiry(member, on_asked):
                self._inquire(work, member)
                on_asked()
            case Departure(member):
                self._readers.part(member.channel, work.next)
                work.touch(member.channel)
            case RosterChange() as ticket:
                self._tell_roster(work, ticket, done)
            case Farewell() | Release() | Abandon() as ticket:
                self._close(work, ticket)

    def _pass_on(self, work: Round, ticket: Verbatim) -> None:
        """Send what a face has made, and see that what follows is framed as it wants."""
        outbox = ticket.outbox
        work.insert_framed(outbox, ticket.data, weight=ticket.weight)
        if ticket.framing is not None:
            outbox.framing = ticket.framing

    def _close(self, work: Round, ticket: Farewell | Release | Abandon) -> None:
        """Bring a connection a step nearer to its end."""
        outbox = ticket.outbox
        work.touch(outbox)
        match ticket:
            case Farewell(_, frame) as last:
                outbox.farewell = frame if last.raw else outbox.framing.farewell(frame)
                if last.at_once:
                    work.drop(outbox)
                    outbox.skip()
                self._end(outbox)
            case Release():
                outbox.released = True
                self._end(outbox)
            case Abandon():
                outbox.kill()

    def _say(self, work: Round, ticket: Public[Outbox], done: Done[Ticket]) -> None:
        author, outbox, id_ = ticket.member.account, ticket.member.channel, ticket.id
        outcome, draft = done.outcome, done.change
        if not isinstance(outcome, Appended) or not isinstance(draft, Draft):
            work.insert(outbox, refusal(outcome, "PM", id_), weight=CONFIRMATION_WEIGHT)
            return
        seq, duplicate = outcome.seq, outcome.duplicate
        stamp = self._stamps.of(ROOM, outcome)
        reply = events.confirmation("PM", id_, seq, stamp, "the room", duplicate=duplicate)
        if duplicate:
            self._counts.duplicates += 1
            work.insert(outbox, reply, weight=CONFIRMATION_WEIGHT)
        else:
            self._counts.public_deliveries += self._readers.present
            if seq < outbox.end:
                self._counts.public_deliveries -= 1  # it is confirmed in place of that
                work.insert_instead(outbox, reply, weight=CONFIRMATION_WEIGHT)
            else:  # it would pass over what others have said since the end
                outbox.debt.pay(CONFIRMATION_WEIGHT)
            work.add(events.broadcast(author.name, draft.text, seq, seq - 1, stamp))

    def _whisper(self, work: Round, ticket: Private[Outbox], done: Done[Ticket]) -> None:
        author, outbox, id_ = ticket.member.account, ticket.member.channel, ticket.id
        outcome, draft, to = done.outcome, done.change, ticket.recipient
        if not isinstance(outcome, Appended) or not isinstance(draft, Draft):
            work.insert(outbox, refusal(outcome, "DM", id_, to.name), weight=CONFIRMATION_WEIGHT)
            return
        seq, duplicate = outcome.seq, outcome.duplicate
        stamp = self._stamps.of(to.inbox, outcome)
        reply = events.confirmation("DM", id_, seq, stamp, to.name, duplicate=duplicate)
        work.insert(outbox, reply, weight=CONFIRMATION_WEIGHT)
        if duplicate:
            self._counts.duplicates += 1
        else:
            self._heads[to.inbox] = seq
            frame = events.direct_message(author.name, to.name, draft.text, seq, seq - 1, stamp)
            readers = self._readers.of(to)
            for reader in readers:
                work.insert(reader, frame, inbox=seq)
            self._counts.private += 1
            self._counts.private_deliveries += len(readers)

    def _welcome(self, work: Round, ticket: Arrival[Outbox], done: Done[Ticket]) -> None:
        outbox, account = ticket.member.channel, ticket.member.account
        try:
            welcome = self._greeter.welcome(work, ticket, done)
        except StoreError as error:
            _log.error("A connection is given up, for its logs cannot be read: %s", error)
            outbox.kill()
            work.touch(outbox)
            return
        self._counts.logins += 1
        outbox.roster_version = welcome.version
        outbox.direct.begin(welcome.inbox.first, welcome.inbox.head + 1)
        self._readers.join(outbox, account, work.next, welcome.room.first)
        for frame in welcome.frames:
            work.insert_first(outbox, frame)

    def _inquire(self, work: Round, member: Member[Outbox]) -> None:
        """Ask somebody for a sign of life, with the heads of their logs if they are up to date."""
        inbox, epoch = member.account.inbox, self._store.epoch
        frame = events.ping((epoch(ROOM), work.next - 1), (epoch(inbox), self._heads.get(inbox, 0)))
        work.insert(member.channel, frame, late=_PING_FROM_BEHIND)

    def _tell_roster(self, work: Round, ticket: RosterChange, done: Done[Ticket]) -> None:
        """Give some the new list of users, and come back to the others in the next round."""
        if self._news.tell(work, ticket):
            with contextlib.suppress(HandoffClosed):  # the server stops
                self.put([done], wait=False)

    def _end(self, outbox: Outbox) -> None:
        """Let a connection's stream end when all is sent, and give it only so much time for it."""
        outbox.finishing = True
        if outbox.deadline is None:
            abandon: Done[Ticket] = Done(Abandon(outbox), None, None)
            outbox.deadline = self._timers.after(LINGER_SECONDS, lambda: self._late(abandon))

    def _late(self, abandon: Done[Ticket]) -> None:
        """Give a connection up. Called in the timers' thread."""
        try:
            self.put([abandon], wait=False)
        except HandoffClosed:
            return  # the server has stopped, and the connection with it
