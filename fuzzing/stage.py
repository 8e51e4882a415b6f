"""A server without threads and without a network, so that one input always does the same.

Everything of it is what a real one has, wired together as in `app`, but for four things: the
committer and the delivery do their work when the stage says so, in the one thread there is; timers
fire when the stage says so; and in place of a socket there is a `Wire`, whose other end is a `Peer`
that is asked for more whenever the server waits for something. One connection can be served within
another: while the server waits for a peer, that peer may have the stage serve the next one.
"""

import contextlib
from collections.abc import Callable, Iterator, Sequence

from chatroom.auth.accounts import Accounts
from chatroom.auth.attempts import Attempts
from chatroom.auth.bans import Bans
from chatroom.auth.passwords import Passwords, check_password
from chatroom.auth.sessions import Sessions
from chatroom.config import Limits
from chatroom.log.base import AddAccount, Change, Outcome, StoreError
from chatroom.log.committer import Answer, Committer, Done, Job
from chatroom.log.memory import MemoryStore
from chatroom.room.rate import Paces
from chatroom.room.room import Room
from chatroom.server.connection import Connection
from chatroom.server.counts import Counts
from chatroom.server.delivery import Delivery
from chatroom.server.face import Row, recognise
from chatroom.server.history import Pages
from chatroom.server.lines import JSON_LINES
from chatroom.server.notices import RosterNotices
from chatroom.server.outbox import Outbox
from chatroom.server.services import Services
from chatroom.server.tickets import Ticket
from chatroom.server.timers import Timer, Timers
from chatroom.server.tls_front import Front
from chatroom.server.watch import Watch
from fuzzing.target import Fault, hold
from fuzzing.wire import Peer, Wire

PEOPLE = {"alice": "secret", "bob": "only bob knows"}
"""Who has an account, with the password."""

ADDRESS = "203.0.113.7"

HELLO = b"\x16"
"""Begins TLS: what comes back then is for nobody's eyes."""


class _Passwords(Passwords):
    """Takes each password for its own hash: a real one costs more than all the rest."""

    def hash(self, password: str) -> str:
        return check_password(password)

    def verify(self, hashed: str, password: str) -> bool:
        return hashed == password

    def pretend(self, password: str) -> None:
        pass

    def is_outgrown(self, hashed: str) -> bool:
        del hashed
        return False


_PASSWORDS = _Passwords(1, 8, 1)  # it keeps nothing, so all stages share it


class _Timers(Timers):
    """Fires when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self._set: list[Timer] = []

    def after(self, seconds: float, action: Callable[[], None]) -> Timer:
        timer = Timer(action)
        if seconds < _SOMEDAY:
            self._set.append(timer)
        return timer

    def pass_time(self) -> None:
        """Let happen what is due sooner or later, but not what follows from that."""
        due, self._set = self._set, []
        for timer in due:
            timer.fire()


_SOMEDAY = 3600.0


class _Committer(Committer[Ticket]):
    """Commits when it is told to."""

    def call(self, change: Change) -> Outcome:
        answer: Answer = Answer()
        self.submit([Job(answer, change)])
        self.work()
        outcome = answer.result(0)
        if outcome is None:
            raise Fault("a change without an outcome")
        return outcome

    def work(self) -> None:
        """Commit what has been handed in."""
        while jobs := self._queue.poll():
            self._commit(jobs)


class _Delivery(Delivery):
    """Sends when it is told to."""

    def work(self) -> None:
        """Send what has been committed."""
        while done := self._queue.poll():
            self._deliver(done)

    def go_on(self) -> None:
        """Go on with those whose socket was full."""
        self._serve_sockets(wait=False)
        while self._readers.ready:
            self._readers.resume()

    @property
    def behind(self) -> bool:
        """Whether somebody's socket is full."""
        return self._readers.behind


class Stage:
    """One server. Close it at the end.

    Args:
        front: what speaks TLS, if that is wanted.
        limits: what is to be different.
        faces: what is spoken.
    """

    def __init__(
        self,
        front: Front | None = None,
        limits: Limits | None = None,
        faces: Sequence[Row] = (JSON_LINES,),
    ) -> None:
        self.limits = limits or Limits(message_burst=20)
        self.front = front or Front()
        store = MemoryStore()
        store.commit([AddAccount(name, word) for name, word in PEOPLE.items()])
        self._timers = _Timers()
        self._committer = _Committer(store, self._sink, _broken)
        accounts = Accounts(store.accounts(), self._committer.call, _PASSWORDS, username_length=32)
        submit = self._committer.submit
        notices = RosterNotices(self._timers, lambda: len(PEOPLE), self._announce)
        self._room: Room[Outbox] = Room(
            accounts, submit, notices.changed, self.limits.message_bytes
        )
        self._delivery = _Delivery(store, accounts, self._timers, self.limits)
        self._now = 1000.0
        paces = Paces(self.limits.messages_per_second, self.limits.message_burst, self._clock)
        self._services = Services(
            self._room,
            accounts,
            Sessions(store.session, accounts),
            Attempts(self._clock),
            Bans(store.bans(), self._committer.call),
            paces,
            submit,
            self._timers,
            Watch(self._timers, 1.0),
            self.limits,
            Pages(store, accounts),
            Counts(),
            self.front,
            faces,
        )
        self._wires: list[Wire] = []
        self.session = b""
        """The newest one that a guest was given."""

    def _clock(self) -> float:
        return self._now

    def _announce(self) -> None:
        self._room.announce()

    def _sink(self, done: list[Done[Ticket]]) -> None:
        self._delivery.put(done)

    def pump(self) -> None:
        """Let the committer and the delivery do what there is to do."""
        self._committer.work()
        self._delivery.work()
        before = -1
        while self._delivery.behind and before < (taken := sum(one.taken for one in self._wires)):
            before = taken
            self._delivery.go_on()

    def pass_time(self) -> None:
        """Let some seconds pass."""
        self._now += 3.0
        self._timers.pass_time()
        self.pump()

    def is_json(self, said: bytes) -> bool:
        """Say whether one who has said that speaks JSON, without TLS."""
        row = recognise(self._services.faces, said)
        return not said.startswith(HELLO) and row in {None, JSON_LINES}

    def serve(self, peer: Peer) -> Wire:
        """Serve a connection to its end."""
        wire = Wire(peer, self.pump)
        peer.meet(wire)
        self._wires.append(wire)
        ended: list[Connection] = []
        connection = Connection(wire, ADDRESS, self._services, ended.append)
        connection._run()
        hold(ended == [connection], "a connection did not end")
        self.pump()
        return wire

    def close(self) -> None:
        """See that nothing is left of the connections.

        Raises:
            Fault: something is.
        """
        try:
            for _ in range(3):  # who is behind is given up, and what follows from that
                self.pass_time()
            hold(not self._room.names(), self._room.names())
            hold(not self._delivery.behind, "somebody is watched for ever")
            hold(all(wire.fileno() < 0 for wire in self._wires), "a socket is left")
        finally:
            for wire in self._wires:
                wire.close()
            for end in (self._delivery._selector, self._delivery._waker, self._delivery._woken):
                end.close()


@contextlib.contextmanager
def stage(
    front: Front | None = None,
    limits: Limits | None = None,
    faces: Sequence[Row] = (JSON_LINES,),
) -> Iterator[Stage]:
    """Yield a server; see that nothing is left of it at the end."""
    here = Stage(front, limits, faces)
    try:
        yield here
    except BaseException:
        with contextlib.suppress(Fault):
            here.close()
        raise
    here.close()


def _broken(error: StoreError) -> None:
    raise Fault("the store broke") from error
