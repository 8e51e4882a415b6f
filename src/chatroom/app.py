"""The server, wired together: from a configuration to something that starts and stops."""

import contextlib
import resource
import socket
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Self

from chatroom.auth.accounts import Accounts
from chatroom.auth.attempts import Attempts
from chatroom.auth.audit import Commit
from chatroom.auth.bans import Bans
from chatroom.auth.desk import Desk, Expulsion
from chatroom.auth.invites import Invites
from chatroom.auth.naming import naming
from chatroom.auth.passwords import Passwords
from chatroom.auth.registration import Registration
from chatroom.auth.sessions import Sessions
from chatroom.config import Config, Server
from chatroom.log.base import (
    ExpireSessions,
    SessionChange,
    Store,
    StoreError,
    TouchSession,
)
from chatroom.log.committer import Answer, Committer, Done, Job
from chatroom.log.handoff import HandoffClosed
from chatroom.log.opening import locate, open_store
from chatroom.room.rate import Paces
from chatroom.room.room import Room
from chatroom.server.connections import Connections
from chatroom.server.control import Control
from chatroom.server.counts import Counts
from chatroom.server.delivery import Delivery
from chatroom.server.entrance import Entrance
from chatroom.server.face import Row
from chatroom.server.history import Pages
from chatroom.server.lines import JSON_LINES
from chatroom.server.listener import Listener, listen
from chatroom.server.notices import RosterNotices
from chatroom.server.outbox import Outbox
from chatroom.server.services import Services
from chatroom.server.tickets import Ticket
from chatroom.server.timers import Timers
from chatroom.server.tls_front import front_of
from chatroom.server.watch import Watch
from chatroom.web.face import Web
from chatroom.web.health import Health, health
from chatroom.web.metrics import Metrics
from chatroom.web.readings import Sources
from chatroom.web.routes import Route

STACK_BYTES = 256 * 1024
"""The stack of each thread. Address space is set aside for all of it, memory only for what is used;
`protocol.boundary.MAX_DEPTH` keeps within it."""

BYE_SECONDS = 1.0
"""How long the clients have to go by themselves when the server stops."""

CUT_SECONDS = 0.4
"""How long their threads have to end after that."""

_DAY_SECONDS = 86_400.0


class App:
    """A server on its data, listening. Everything belongs to the thread that made it.

    Args:
        config: everything that can be set.
        on_fatal: called in the committer's thread when nothing can be stored any more; the server
            is to be stopped then.

    Raises:
        StoreError: the data cannot be used, or another server uses them.
        CertificateError: the certificate cannot be used.
        OSError: the address cannot be listened on.
    """

    def __init__(self, config: Config, on_fatal: Callable[[StoreError], None]) -> None:
        threading.stack_size(STACK_BYTES)
        _allow_many_files()
        self.data = locate(config.server.data)
        """The database file, None for a room that is kept in memory."""
        with contextlib.ExitStack() as stack:
            sock = stack.enter_context(listen(config.server.host, config.server.port))
            self.host, self.port = sock.getsockname()[:2]
            """Where the server listens."""
            self.web = config.server.web
            """Whether it serves browsers."""
            store = stack.enter_context(
                open_store(self.data, reserve=reserve_of(config), check=True)
            )
            self.front = front_of(config.server, self.data, self.host)
            """Who has to speak TLS, and what is shown in it."""
            passwords = stack.enter_context(contextlib.closing(hasher(config)))
            self._committer: Committer[Ticket] = Committer(store, self._sink, on_fatal)
            desk = desk_of(config, store, passwords, self._committer.call, self._expel)
            self._passwords = passwords
            self._stopping = False
            self._wire(config, sock, store, desk)
            self._resources = stack.pop_all()

    def _wire(self, config: Config, sock: socket.socket, store: Store, desk: Desk) -> None:
        """Make the parts and let them know each other; see docs/architecture.md."""
        limits, accounts = config.limits, desk.accounts
        submit = self._committer.submit
        self._timers = Timers()
        self._notices = RosterNotices(self._timers, self._population, self._send_roster)
        self._room: Room[Outbox] = Room(
            accounts, submit, self._notices.changed, limits.message_bytes
        )
        counts = Counts()
        self._delivery = Delivery(store, accounts, self._timers, limits, counts)
        self._connections = Connections(limits.connections, limits.connections_per_address)
        self._sessions = Sessions(store.session, accounts)
        watch = Watch(self._timers, min(limits.ping_seconds, limits.stall_seconds, 25.0) / 25)
        paces = Paces(limits.messages_per_second, limits.message_burst)
        services = Services(
            self._room,
            accounts,
            self._sessions,
            Attempts(),
            desk.bans,
            paces,
            submit,
            self._timers,
            watch,
            limits,
            Pages(store, accounts),
            counts,
            self.front,
            self._faces(config.server, store, counts),
        )
        entrance = Entrance(services, self._connections)
        self._control = Control(self.data, desk) if self.data else None
        self._listener = Listener(sock, "listener", entrance.serve, entrance.turn_away)

    def _faces(self, server: Server, store: Store, counts: Counts) -> Sequence[Row]:
        """Return what is spoken on the port."""
        if not server.web:
            return (JSON_LINES,)
        sources = Sources(
            store, self._committer, self._delivery, self._room, self._connections, counts
        )
        routes: dict[str, Route] = {
            "/healthz": health(self._health),
            "/metrics": Metrics(sources, server.metrics_token),
        }
        return Web(routes, server.origins).row, JSON_LINES

    def _health(self) -> Health:
        """Say whether messages can be stored. Any thread may call it."""
        condition = self._committer.condition
        return "stopping" if self._stopping or condition == "stopped" else condition

    def reload(self) -> None:
        """Read the certificate once more, for the connections to come."""
        self.front.identity.reload()

    def start(self) -> Self:
        """Serve, in threads of its own."""
        self._timers.start()
        self._delivery.start()
        self._committer.start()
        self._tend_sessions()
        if self._control is not None:
            self._control.start()
        self._listener.start()
        return self

    def stop(self) -> None:
        """Take nobody in, commit what was said, say `bye` to everyone, and end all threads."""
        self._stopping = True
        self._listener.stop()
        for connection in self._connections.all():
            connection.end("shutting_down", reconnect=True, after_ms=1000)
        if not self._connections.wait_empty(BYE_SECONDS):
            for connection in self._connections.all():
                connection.cut()
            self._connections.wait_empty(CUT_SECONDS)
        self._passwords.close()  # so that nobody waits for a hash any more
        if self._control is not None:
            self._control.stop()
        self._committer.stop()
        self._delivery.stop()
        self._timers.stop()
        self._resources.close()

    def _sink(self, done: list[Done[Ticket]]) -> None:
        self._delivery.put(done)

    def _population(self) -> int:
        return len(self._room.names())

    def _send_roster(self) -> None:
        with contextlib.suppress(HandoffClosed):  # nobody is left to tell
            self._room.announce()

    def _tend_sessions(self) -> None:
        """Note which sessions are in use and forget those that are too old, now and once a day."""
        sessions = {connection.session for connection in self._connections.all()} - {b""}
        changes: list[SessionChange] = [TouchSession(session) for session in sessions]
        changes.append(ExpireSessions(self._sessions.oldest()))
        jobs: list[Job[Answer]] = [Job(Future(), change) for change in changes]
        with contextlib.suppress(HandoffClosed):  # the server stops
            self._committer.submit(jobs, wait=False)
            self._timers.after(_DAY_SECONDS, self._tend_sessions)

    def _expel(self, expulsion: Expulsion) -> None:
        """End the connections that an expulsion is about."""
        for connection in self._connections.all():
            if expulsion.concerns(connection.account, connection.address):
                connection.end(expulsion.reason, reconnect=False, message=expulsion.message)


def hasher(config: Config) -> Passwords:
    """Return what makes and checks password hashes as `config` says."""
    argon2 = config.auth.argon2
    return Passwords(argon2.time_cost, argon2.memory_kib, argon2.parallelism)


def reserve_of(config: Config) -> int:
    """Return how many bytes of the disk are to be left free as `config` says."""
    return config.server.disk_reserve_kib * 1024


def desk_of(
    config: Config,
    store: Store,
    passwords: Passwords,
    commit: Commit,
    expel: Callable[[Expulsion], None] = lambda _: None,
) -> Desk:
    """Return the accounts, bans and invites of `store`, whose changes go through `commit`."""
    invites = Invites(store.invites(), commit)
    registration = Registration(config.auth.registration, invites)
    accounts = Accounts(
        store.accounts(),
        commit,
        passwords,
        username_length=config.limits.username_length,
        registration=registration,
        naming=naming(config.auth.names),
    )
    return Desk(accounts, Bans(store.bans(), commit), invites, registration, expel)


def _allow_many_files() -> None:
    """Let the process have as many sockets as the system allows it."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):  # some systems name a limit they do not grant
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
