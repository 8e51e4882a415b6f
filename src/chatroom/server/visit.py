"""One client's coming and going: the login, the time it may take, the last word.

It is the reading thread that logs in. Whoever ends a connection, from any thread, does it here.
"""

import logging
import socket
import threading

from chatroom.log.base import EndSession, SessionChange, TouchSession
from chatroom.log.committer import Job
from chatroom.log.handoff import HandoffClosed
from chatroom.protocol import events
from chatroom.protocol.commands import Login, Resume
from chatroom.protocol.errors import ADVICE, ErrorCode, ProtocolError
from chatroom.room.rate import Pace
from chatroom.room.roster import Member
from chatroom.room.tickets import Inquiry
from chatroom.server.admission import Admitted, admit, ask_password
from chatroom.server.batch import Batch
from chatroom.server.outbox import Outbox
from chatroom.server.presence import Presence
from chatroom.server.pulse import Pulse
from chatroom.server.services import Services
from chatroom.server.tickets import Farewell, Release, Ticket
from chatroom.server.timers import Timer

_log = logging.getLogger(__name__)


class Visit:
    """Who is here on one connection, from the login to the farewell.

    Args:
        sock: the connection.
        address: where the client comes from.
        services: what all connections share.
        outbox: the connection's writing side.
        batch: what the reading thread is about to hand in.
    """

    def __init__(
        self,
        sock: socket.socket,
        address: str,
        services: Services,
        outbox: Outbox,
        batch: Batch,
    ) -> None:
        self._sock = sock
        self._address = address
        self._services = services
        self._outbox = outbox
        self._batch = batch
        self._presence = Presence()
        self._deadline: Timer | None = None  # of the login
        limits = services.limits
        self.pulse = Pulse(limits.ping_seconds, limits.answer_seconds, limits.stall_seconds)
        """When the client was heard last."""
        self.pace: Pace | None = None
        """How fast it may talk, once it is logged in; None for no limit. The reading thread's."""

    @property
    def member(self) -> Member[Outbox] | None:
        """Who is logged in, None before and behind that. Any thread."""
        return self._presence.member

    @property
    def session(self) -> bytes:
        """The digest of the session that is in use, empty before the login. Any thread."""
        return self._presence.session

    @property
    def ended(self) -> bool:
        """Whether what comes from the client no longer counts. Any thread."""
        return self._presence.ended

    def look(self) -> float | None:
        """See whether the other side is still there; see `Watched.look`."""
        member = self._presence.member
        if member is None:
            return None
        finding, seconds = self.pulse.judge(self._outbox.stuck_seconds())
        if finding == "ask":
            try:
                self._services.submit([Job(Inquiry(member, self.pulse.asked))], wait=False)
            except HandoffClosed:
                return None
        elif finding in {"silent", "slow_consumer"}:
            _log.info("%s is given up: %s.", member.account.name, finding)
            self.finish(events.bye(finding, reconnect=True), at_once=True)
            return None
        return seconds

    def begin(self) -> None:
        """Let the time to log in run. For the reading thread."""
        seconds = self._services.limits.login_seconds
        if seconds:
            self._deadline = self._services.timers.after(seconds, self._login_late)

    def _end_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()

    def log_in(self, command: Login | Resume) -> None:
        """Let the client in, or say why not. For the reading thread.

        Raises:
            ProtocolError: it is in already, or gave no password and can be asked for none.
            HandoffClosed: the server has stopped.
        """
        member = self._presence.member
        if member is not None:
            raise ProtocolError(
                ErrorCode.ALREADY_LOGGED_IN,
                f"You are logged in as {member.account.name}; to change that, leave first.",
            )
        if isinstance(command, Login) and command.password is None:
            self._batch.answer(ask_password(self._services, command, self._address))
            return
        self._batch.flush()  # what was asked before is not to wait for the hash
        self._presence.check_begins()
        try:
            self._enter(admit(self._services, command, self._address))
        except ProtocolError as problem:
            self._services.counts.refuse_login(problem.code)
            self._batch.answer(events.error(problem, command.name, command.id))
            self._batch.flush()
            if not ADVICE[problem.code].stays_open:
                self.finish(farewell(problem))
        finally:
            if self._presence.check_ends():
                self._login_late()

    def _enter(self, admitted: Admitted) -> None:
        account, greeting, change = admitted
        member = self._services.room.join(account, self._outbox, greeting, change)
        self.pace = self._services.paces.enter(account.number)
        if not self._presence.enter(member, change.digest):
            # It was ended by somebody else, while the password was being checked.
            self._services.paces.leave(account.number)
            self._services.room.leave(member)
            return
        self._end_deadline()
        threading.current_thread().name = f"client {account.name}"
        _log.info("%s logged in from %s.", account.name, self._address)
        self._services.watch.add(self, self.pulse.first_look)
        if self._services.accounts.numbered(account.number) is None:
            # It was removed before those who looked for its connections could find this one.
            self.finish(events.bye("account_removed", reconnect=False))
        try:
            self._services.bans.check(account, self._address)
        except ProtocolError as problem:  # it was banned meanwhile, likewise
            self.finish(farewell(problem), EndSession)

    def _login_late(self) -> None:
        """End a connection whose time to log in has run out. In the timers' thread, or its own."""
        if not self._presence.time_is_up():
            return
        problem = ProtocolError(
            ErrorCode.LOGIN_TIMEOUT,
            f"Log in within {self._services.limits.login_seconds:g} seconds; connect again.",
        )
        self.finish(events.error(problem) + events.bye("login_timeout", reconnect=True))

    def finish(
        self,
        frame: bytes,
        fate: type[EndSession | TouchSession] = TouchSession,
        *,
        at_once: bool = False,
        raw: bool = False,
    ) -> None:
        """Leave the room, and send `frame` as the last thing. From any thread.

        Args:
            frame: what is sent.
            fate: what becomes of the session, if there is one.
            at_once: whether what is still to be sent is given up for it.
            raw: whether `frame` is what a face has made, to be sent as it is, and not an event.
        """
        try:
            if self._leave(fate):
                self._submit(Farewell(self._outbox, frame, at_once, raw))
        except HandoffClosed:
            self.cut()

    def cut(self) -> None:
        """Close without a word. From any thread."""
        try:
            self._sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # it is closed

    def release(self) -> None:
        """Leave the room, if that has not been done, and give the socket to the delivery.

        For the reading thread, as the last thing.
        """
        self._end_deadline()
        try:
            self._leave(TouchSession)
            self._submit(Release(self._outbox))
        except HandoffClosed:  # nobody else has the socket any more
            self._outbox.close()

    def _submit(self, ticket: Ticket) -> None:
        self._services.submit([Job(ticket)], wait=False)

    def _leave(self, fate: type[EndSession | TouchSession]) -> bool:
        """Leave the room; return whether that had still to be done."""
        leaver = self._presence.leave()
        if leaver is None:
            return False
        if leaver.member is not None:
            self._services.watch.forget(self)
            self._services.paces.leave(leaver.member.account.number)
            change: SessionChange = fate(leaver.session)
            self._services.room.leave(leaver.member, change)
            _log.info("%s left.", leaver.member.account.name)
        return True


def farewell(problem: ProtocolError) -> bytes:
    """Return the last word to a client that is not to come back, for the reason in `problem`."""
    return events.bye(problem.code.value, reconnect=False, message=problem.message)
