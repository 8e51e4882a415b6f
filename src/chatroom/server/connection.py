"""The thread of one client: it reads what the client sends and does it, one command at a time.

It never writes to the socket and never waits for another client. What it has to say goes, in order,
through the committer to the delivery. It waits for the committer's queue when that is full, for
its client when that does not take its replies, and for a password to be checked.
"""

import logging
import socket
import threading
import time
from collections.abc import Callable

from chatroom.log.committer import Job
from chatroom.log.handoff import HandoffClosed
from chatroom.protocol import events
from chatroom.protocol.commands import (
    Command,
    Exit,
    Login,
    Ping,
    Say,
    Whisper,
    Who,
    echo,
    parse,
)
from chatroom.protocol.errors import ADVICE, ErrorCode, ProtocolError
from chatroom.protocol.frames import Frame, FrameDecoder
from chatroom.protocol.names import same
from chatroom.room.rate import TokenBucket
from chatroom.room.roster import Member
from chatroom.server.outbox import Outbox
from chatroom.server.round import CONFIRMATION_WEIGHT
from chatroom.server.services import Services
from chatroom.server.tickets import Answer, Farewell, Release, Ticket

_SMALLEST_READ, _LARGEST_READ = 2048, 65536
_BATCH_BYTES = 64 * 1024
"""How much a connection's replies may weigh before they are handed in, even if more was read."""

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
        self._decoder = FrameDecoder(services.limits.frame_bytes)
        limits = services.limits
        self._bucket = TokenBucket(limits.messages_per_second, limits.message_burst, time.monotonic)
        self._jobs: list[Job[Ticket]] = []  # what is to be handed in with the next flush
        self._weight = 0  # of the replies among them
        # Guards the four below, which the timers and those who end a connection look at too.
        # Nothing else is locked or waited for under it.
        self._lock = threading.Lock()
        self._member: Member[Outbox] | None = None
        self._checking = False  # whether a password is being checked
        self._late = False  # whether the time to log in has run out meanwhile
        self._ended = False  # whether what comes from the client no longer counts

    def start(self) -> None:
        """Serve the client, in a thread of its own.

        Raises:
            RuntimeError: the system has no more threads.
        """
        name = f"client {self.address}"
        threading.Thread(target=self._run, name=name, daemon=True).start()

    def end(self, reason: str, *, reconnect: bool, after_ms: int = 0) -> None:
        """Say `bye` and close. From any thread; what was submitted before is answered first."""
        self._finish(events.bye(reason, reconnect=reconnect, after_ms=after_ms))

    def belongs_to(self, username: str) -> bool:
        """Say whether the user of this name is logged in here. From any thread."""
        with self._lock:
            return self._member is not None and same(self._member.account.name, username)

    def cut(self) -> None:
        """Close without a word. From any thread."""
        try:
            self._sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # it is closed

    # The thread.

    def _run(self) -> None:
        seconds = self._services.limits.login_seconds
        timer = self._services.timers.after(seconds, self._login_late) if seconds else None
        try:
            self._read()
        except OSError as error:
            _log.debug("The connection from %s broke: %s", self.address, error)
        except HandoffClosed:
            _log.debug("The connection from %s ends with the server.", self.address)
        except Exception:  # noqa: BLE001  # a fault of ours ends one connection, not the server
            _log.exception("Reading from %s failed.", self.address)
        finally:
            if timer is not None:
                timer.cancel()
            self._release()
            self._on_end(self)

    def _read(self) -> None:
        """Take what comes until nothing more does."""
        size = _SMALLEST_READ
        while data := self._sock.recv(size):
            # An idle connection holds no more memory than the smallest read needs.
            size = min(size * 4, _LARGEST_READ) if len(data) == size else _SMALLEST_READ
            if self._ended:
                continue
            for frame in self._decoder.feed(data):
                self._take(frame)
            self._flush()

    def _take(self, frame: Frame) -> None:
        if self._ended:
            return
        if isinstance(frame, ProtocolError):
            self._answer(events.error(frame))
            if not ADVICE[frame.code].stays_open:
                self._flush()
                self.end(frame.code.value, reconnect=True)
            return
        try:
            self._do(parse(frame))
        except ProtocolError as problem:
            self._answer(events.error(problem, *echo(frame)))
        except (OSError, HandoffClosed):
            raise
        except Exception:  # noqa: BLE001  # a fault of ours must not cost the client its connection
            _log.exception("A command from %s failed.", self.address)
            self._answer(events.error(_INTERNAL, *echo(frame)))
        if self._weight > _BATCH_BYTES:
            self._flush()

    def _do(self, command: Command) -> None:
        match command:
            case Say(id=id_, message=message):
                self._post(self._services.room.say(self._logged_in(), message, id_))
            case Whisper(id=id_, to=to, message=message):
                self._post(self._services.room.whisper(self._logged_in(), to, message, id_))
            case Who(id=id_):
                self._logged_in()
                self._answer(events.active_users(id_, self._services.room.names()))
            case Ping(id=id_):
                self._answer(events.pong(id_))
            case Exit(id=id_):
                self._flush()
                self._finish(events.bye("exit", reconnect=False, id=id_))
            case Login():
                self._login(command)

    def _logged_in(self) -> Member[Outbox]:
        member = self._member
        if member is None:
            raise ProtocolError(ErrorCode.NOT_LOGGED_IN, "Log in first, with a username.")
        return member

    def _post(self, job: Job[Ticket]) -> None:
        """Hand a message in, unless that is too fast."""
        self._bucket.take()
        self._put(job, CONFIRMATION_WEIGHT)

    def _answer(self, frame: bytes) -> None:
        """Reply with `frame`, behind the replies to all that was asked before."""
        answer = Answer(self._outbox, frame)
        self._put(Job(answer), answer.weight)

    def _put(self, job: Job[Ticket], weight: int) -> None:
        self._jobs.append(job)
        self._weight += self._outbox.owe(weight)

    def _flush(self) -> None:
        """Hand in what has gathered; wait while the client does not take its replies."""
        if self._jobs:
            self._services.submit(self._jobs)
            self._jobs = []
            self._weight = 0
            self._outbox.await_room()

    # Coming and going.

    def _login(self, command: Login) -> None:
        if self._member is not None:
            raise ProtocolError(
                ErrorCode.ALREADY_LOGGED_IN,
                f"You are logged in as {self._member.account.name}; to change that, leave first.",
            )
        if command.password is None:
            self._ask_password(command)
            return
        self._flush()  # what was asked before is not to wait for the hash
        with self._lock:
            self._checking = True
        try:
            admission = self._services.accounts.admit(command.username, command.password)
            self._enter(
                self._services.room.join(
                    admission.account, self._outbox, command.id, new_user=admission.new_user
                )
            )
        except ProtocolError as problem:
            self._answer(events.error(problem, command.name, command.id))
            self._flush()
        finally:
            with self._lock:
                self._checking = False
                late = self._late
            if late:
                self._login_late()

    def _ask_password(self, command: Login) -> None:
        new_user = self._services.accounts.is_new(command.username)
        known = self._services.accounts.find(command.username)
        name = known.name if known else command.username
        self._answer(events.password_required(command.id, name, new_user=new_user))

    def _enter(self, member: Member[Outbox]) -> None:
        with self._lock:
            ended = self._ended
            if not ended:
                self._member = member
        if ended:  # by somebody else, while the password was being checked
            self._services.room.leave(member)
            return
        threading.current_thread().name = f"client {member.account.name}"
        _log.info("%s logged in from %s.", member.account.name, self.address)
        account = self._services.accounts.find(member.account.name)
        if account is None or account.number != member.account.number:
            # It was removed before those who looked for its connections could find this one.
            self.end("account_removed", reconnect=False)

    def _login_late(self) -> None:
        """End a connection whose time to log in has run out. In the timers' thread, or its own."""
        with self._lock:
            self._late = True
            if self._member is not None or self._checking or self._ended:
                return
        problem = ProtocolError(
            ErrorCode.LOGIN_TIMEOUT,
            f"Log in within {self._services.limits.login_seconds:g} seconds; connect again.",
        )
        self._finish(events.error(problem) + events.bye("login_timeout", reconnect=True))

    def _finish(self, frame: bytes) -> None:
        """Leave the room, and send `frame` as the last thing."""
        with self._lock:
            if self._ended:
                return
            self._ended = True
            member, self._member = self._member, None
        try:
            self._leave(member)
            self._services.submit([Job(Farewell(self._outbox, frame))], wait=False)
        except HandoffClosed:
            self.cut()

    def _leave(self, member: Member[Outbox] | None) -> None:
        if member is not None:
            self._services.room.leave(member)
            _log.info("%s left.", member.account.name)

    def _release(self) -> None:
        """Leave the room, if that has not been done, and give the socket to the delivery."""
        with self._lock:
            self._ended = True
            member, self._member = self._member, None
        try:
            self._leave(member)
            self._services.submit([Job(Release(self._outbox))], wait=False)
        except HandoffClosed:  # nobody else has the socket any more
            self._outbox.close()
