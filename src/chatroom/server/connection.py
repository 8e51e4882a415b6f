"""The thread of one client: it reads what the client sends and does it, one command at a time.

It never writes to the socket and never waits for another client. What it has to say goes, in order,
through the committer to the delivery. It waits for the committer's queue when that is full, for
its client when that does not take its replies, and for a password to be checked.
"""

import logging
import socket
import threading
from collections.abc import Callable

from chatroom.log.base import EndSession
from chatroom.log.committer import Job
from chatroom.log.handoff import HandoffClosed
from chatroom.protocol import events
from chatroom.protocol.commands import (
    Command,
    Exit,
    History,
    Login,
    Ping,
    Pong,
    Resume,
    Say,
    Whisper,
    Who,
    echo,
    parse,
)
from chatroom.protocol.errors import ADVICE, ErrorCode, ProtocolError
from chatroom.protocol.pages import Page
from chatroom.room.roster import Member
from chatroom.server.batch import Batch
from chatroom.server.face import LINES, End, Face, Item, Peer, Raw, Upgrade, recognise
from chatroom.server.lines import JsonLines
from chatroom.server.outbox import Outbox
from chatroom.server.round import CONFIRMATION_WEIGHT
from chatroom.server.services import Services
from chatroom.server.tickets import Ticket
from chatroom.server.tls_front import Receive
from chatroom.server.visit import Visit

_SMALLEST_READ, _LARGEST_READ = 2048, 65536

_INTERNAL = ProtocolError(
    ErrorCode.INTERNAL, "The server failed at this; its log says why. Try again later."
)

_log = logging.getLogger(__name__)


class Connection:
    """One client, from its connecting to its end.

    Args:
        sock: the connection, blocking.
        address: where it comes from.
        services: what all connections share.
        on_end: called in the client's thread as the last thing.
    """

    def __init__(
        self,
        sock: socket.socket,
        address: str,
        services: Services,
        on_end: Callable[["Connection"], None],
    ) -> None:
        self.address = address
        self._sock = sock
        self._services = services
        self._on_end = on_end
        self._outbox = Outbox(sock)
        # What is spoken; the default while the first bytes have not told.
        self._face: Face = JsonLines(services.limits)
        self._batch = Batch(self._outbox, services.submit)
        self._visit = Visit(sock, address, services, self._outbox, self._batch)

    def start(self) -> None:
        """Serve the client, in a thread of its own.

        Raises:
            RuntimeError: the system has no more threads.
        """
        name = f"client {self.address}"
        threading.Thread(target=self._run, name=name, daemon=True).start()

    def end(
        self, reason: str, *, reconnect: bool, after_ms: int = 0, message: str | None = None
    ) -> None:
        """Say `bye` and close. From any thread; what was submitted before is answered first."""
        bye = events.bye(reason, reconnect=reconnect, after_ms=after_ms, message=message)
        self._visit.finish(bye)

    @property
    def session(self) -> bytes:
        """The digest of the session that is in use here, empty before the login. Any thread."""
        return self._visit.session

    @property
    def account(self) -> int | None:
        """The number of the account that is logged in here, None before and behind that."""
        member = self._visit.member
        return None if member is None else member.account.number

    @property
    def face(self) -> str:
        """What is spoken here, in one word; the default while that is not known. Any thread."""
        return self._face.name

    def cut(self) -> None:
        """Close without a word. From any thread."""
        self._visit.cut()

    # The thread.

    def _run(self) -> None:
        self._visit.begin()
        try:
            self._read()
        except OSError as error:
            _log.debug("The connection from %s broke: %s", self.address, error)
        except HandoffClosed:
            _log.debug("The connection from %s ends with the server.", self.address)
        except Exception:  # noqa: BLE001  # a fault of ours ends one connection, not the server
            _log.exception("Reading from %s failed.", self.address)
        finally:
            self._visit.release()
            self._on_end(self)

    def _read(self) -> None:
        """Take what comes until nothing more does."""
        size = _SMALLEST_READ
        receive, data = self._begin(size)
        while data:
            self._visit.pulse.hear()
            # An idle connection holds no more memory than the smallest read needs.
            size = min(size * 4, _LARGEST_READ) if len(data) == size else _SMALLEST_READ
            if not self._visit.ended:
                self._take_up(data)
            data = receive(size)

    def _begin(self, size: int) -> tuple[Receive, bytes]:
        """Wait for the first bytes, and speak as they do.

        Returns:
            What is read with from now on, and what came.
        """
        front = self._services.front
        first = self._sock.recv(size)
        receive, data, secure = front.enter(self._sock, self._outbox, first, size)
        table = self._services.faces
        row = recognise(table, data)
        while row is None:
            more = receive(size)
            data += more
            row = recognise(table, data) if more else table[-1]
        welcome = secure or not front.required
        self._face = row.open(Peer(self.address, secure, welcome, self._services.limits))
        if self._face.framing is not LINES:
            self._batch.pass_on(b"", self._face.framing)
        return receive, data

    def _take_up(self, data: bytes) -> None:
        for item in self._face.feed(data):
            self._take(item)
            if self._visit.ended:
                break
        self._batch.flush()

    def _take(self, item: Item) -> None:
        if isinstance(item, dict):
            self._carry_out(item)
        elif isinstance(item, ProtocolError):
            self._refuse(item)
        else:
            self._pass_on(item)
        if self._batch.heavy:
            self._batch.flush()

    def _refuse(self, problem: ProtocolError) -> None:
        """Reply to what is no frame."""
        self._batch.answer(events.error(problem))
        if not ADVICE[problem.code].stays_open:
            self._batch.flush()
            self.end(problem.code.value, reconnect=problem.code is not ErrorCode.TLS_REQUIRED)

    def _pass_on(self, item: Raw | Upgrade | End) -> None:
        """Do what the face itself wants."""
        match item:
            case Raw(data):
                self._batch.pass_on(data)
            case Upgrade(data, face):
                self._face = face
                self._batch.pass_on(data, face.framing)
            case End(data):
                self._batch.flush()
                self._visit.finish(data, raw=True)

    def _carry_out(self, frame: dict[str, object]) -> None:
        """Do what a frame asks for, or reply why not."""
        try:
            self._do(parse(frame))
        except ProtocolError as problem:
            self._batch.answer(events.error(problem, *echo(frame)))
        except (OSError, HandoffClosed):
            raise
        except Exception:  # noqa: BLE001  # a fault of ours must not cost the client its connection
            _log.exception("A command from %s failed.", self.address)
            self._batch.answer(events.error(_INTERNAL, *echo(frame)))

    def _do(self, command: Command) -> None:
        match command:
            case Say(id=id_, message=message):
                self._post(self._services.room.say(self._logged_in(), message, id_), id_)
            case Whisper(id=id_, to=to, message=message):
                self._post(self._services.room.whisper(self._logged_in(), to, message, id_), id_)
            case Who(id=id_):
                self._logged_in()
                self._batch.answer(events.active_users(id_, self._services.room.names()))
            case History(id=id_):
                self._batch.answer(events.history(id_, self._page(command)))
            case Ping(id=id_):
                self._batch.answer(events.pong(id_))
            case Exit(id=id_):
                self._batch.flush()
                self._visit.finish(events.bye("exit", reconnect=False, id=id_), EndSession)
            case Login() | Resume():
                self._visit.log_in(command)
                if self._visit.member is not None:
                    self._face.admit()
            case Pong():
                pass  # that it came is all it says

    def _logged_in(self) -> Member[Outbox]:
        member = self._visit.member
        if member is None:
            raise ProtocolError(ErrorCode.NOT_LOGGED_IN, "Log in first, with a username.")
        return member

    def _post(self, job: Job[Ticket], id_: str | None) -> None:
        """Hand a message in, unless that is too fast."""
        pace = self._visit.pace
        if pace is not None:
            pace.take(id_)
        self._batch.put(job, CONFIRMATION_WEIGHT)

    def _page(self, command: History) -> Page:
        """Read a page of what was said, unless that is too fast."""
        reader = self._logged_in().account
        if self._visit.pace is not None:
            self._visit.pace.take(None)  # no message has to wait for it to come again
        self._batch.flush()  # nor for the disk
        return self._services.pages.page(reader, command)
