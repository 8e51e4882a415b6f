"""What the tests of the sending side share: sockets that take what they like, and a room to read.

The tests say when the delivery's turn is; no thread runs here.
"""

import selectors
import socket
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from chatroom.auth.accounts import Accounts
from chatroom.auth.attempts import Attempts
from chatroom.auth.bans import Bans
from chatroom.auth.passwords import Passwords
from chatroom.auth.sessions import Sessions
from chatroom.config import Limits
from chatroom.log.base import ROOM, Account, AddAccount, Draft, Entry, Refused, Store
from chatroom.log.committer import Job
from chatroom.log.memory import MemoryStore
from chatroom.protocol import events
from chatroom.room.rate import Paces
from chatroom.room.room import Room
from chatroom.server.backlog import ENTRIES, Backlog
from chatroom.server.counts import Counts
from chatroom.server.history import Pages
from chatroom.server.outbox import Outbox
from chatroom.server.readers import Readers
from chatroom.server.services import Services
from chatroom.server.tickets import Release, Ticket
from chatroom.server.timers import Timers
from chatroom.server.watch import Watch

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

DEADLINE = 10.0
"""Seconds after which what a test waits for has not happened."""

TURNS = 10_000
"""How often a reader who is behind may ask for a turn before a test gives up."""


def wait_until(happened: Callable[[], bool]) -> None:
    """Wait for something that wakes nobody up."""
    deadline = time.monotonic() + DEADLINE
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.001)


class Trickle(socket.socket):
    """A connected socket that keeps what it is sent, and takes as little of it as the test says.

    Args:
        allowances: how many bytes each call takes, 0 for a full socket; without limit after that.
    """

    def __init__(self, allowances: Iterable[int] = ()) -> None:
        end, self._other = socket.socketpair()
        super().__init__(fileno=end.detach())
        self._allowances = deque(allowances)
        self.taken = bytearray()
        """What was sent, in order."""
        self.offered: list[int] = []
        """How many bytes each call was given."""

    @property
    def calls(self) -> int:
        """How often something was sent."""
        return len(self.offered)

    def allow(self, *allowances: int) -> None:
        """Let each of the next calls take so much."""
        self._allowances.extend(allowances)

    def send(self, data: "ReadableBuffer", flags: int = 0, /) -> int:
        """Take some of `data`."""
        assert flags & socket.MSG_DONTWAIT
        data = bytes(data)
        self.offered.append(len(data))
        if self._allowances:
            allowance = self._allowances.popleft()
            if data and not allowance:
                raise BlockingIOError
            data = data[:allowance]
        self.taken += data
        return len(data)

    def close(self) -> None:
        """Close both ends."""
        super().close()
        self._other.close()


@contextmanager
def full_pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Yield two connected sockets, of which the first takes little before it is full."""
    near, far = socket.socketpair()
    with near, far:
        near.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)  # the system's smallest
        far.settimeout(DEADLINE)
        yield near, far


@contextmanager
def accounts_in(store: Store, *names: str) -> Iterator[Accounts]:
    """Yield the accounts of `store`, among them new ones with these names."""
    store.commit([AddAccount(name, "hash") for name in names])
    with closing(Passwords(1, 8, 1)) as passwords:
        yield Accounts(
            store.accounts(),
            lambda change: store.commit([change])[0],
            passwords,
            username_length=32,
        )


def services_that_note(
    limits: Limits | None = None, accounts: Accounts | None = None
) -> tuple[Services, list[Ticket]]:
    """Return services of an empty room without a delivery, and what is submitted to them."""
    if accounts is None:
        accounts = Accounts([], lambda _: Refused(), Passwords(1, 8, 1), username_length=32)
    tickets: list[Ticket] = []

    def submit(jobs: Sequence[Job[Ticket]], *, wait: bool = True) -> None:  # noqa: ARG001
        for job in jobs:
            tickets.append(job.ticket)
            if isinstance(job.ticket, Release):
                job.ticket.outbox.close()

    room: Room[Outbox] = Room(accounts, submit, lambda: None, 8192)
    timers, store = Timers(), MemoryStore()
    sessions = Sessions(store.session, accounts)
    watch = Watch(timers, 1.0)
    limits = limits or Limits()
    paces = Paces(limits.messages_per_second, limits.message_burst)
    bans = Bans([], lambda _: Refused())
    services = Services(
        room,
        accounts,
        sessions,
        Attempts(),
        bans,
        paces,
        submit,
        timers,
        watch,
        limits,
        Pages(store, accounts),
        Counts(),
    )
    return services, tickets


@contextmanager
def tcp_pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Yield the server's and the client's end of a connection over the loopback."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        client = socket.create_connection(server.getsockname(), DEADLINE)
        near, _ = server.accept()
    with near, client:
        yield near, client


def account(accounts: Accounts, name: str) -> Account:
    """Return the account called `name`, which there is."""
    found = accounts.find(name)
    assert found is not None
    return found


def say(store: Store, author: Account, *texts: str, log: int = ROOM) -> None:
    """Commit what `author` says."""
    store.commit([Draft(log, author.number, text) for text in texts])


def public_frame(store: Store, author: Account, entry: Entry, mark: str = "") -> bytes:
    """Return an entry of the room's log as it goes over the wire."""
    stamp = events.stamp(store.epoch(ROOM), entry.ts)
    return events.broadcast(author.name, entry.text, entry.seq, entry.seq - 1, stamp, mark=mark)


def private_frame(
    store: Store, author: Account, to: Account, entry: Entry, mark: str = ""
) -> bytes:
    """Return an entry of the inbox of `to` as it goes over the wire."""
    stamp = events.stamp(store.epoch(to.inbox), entry.ts)
    seq, prev = entry.seq, entry.seq - 1
    return events.direct_message(author.name, to.name, entry.text, seq, prev, stamp, mark=mark)


@contextmanager
def readers_of(
    store: Store,
    accounts: Accounts,
    *,
    entries: int = ENTRIES,
    **options: int,
) -> Iterator[tuple[Readers, selectors.BaseSelector]]:
    """Yield readers of `store` that are up to date, and the selector that watches them."""
    with selectors.DefaultSelector() as selector:
        backlog = Backlog(store, accounts, entries=entries)
        yield Readers(store.head(ROOM), backlog, selector, **options), selector


def catch_up(readers: Readers, *outboxes: Outbox) -> None:
    """Give those who are behind their turn until none is."""
    for _ in range(TURNS):
        if not readers.ready:
            readers.take_up(outbox for outbox in outboxes if outbox.stalled)
        if not readers.ready:
            return
        readers.resume()
    raise AssertionError("somebody never catches up")


def frames(data: bytes | bytearray) -> list[bytes]:
    """Return the frames in `data`, each with the newline at its end."""
    return bytes(data).splitlines(keepends=True)
