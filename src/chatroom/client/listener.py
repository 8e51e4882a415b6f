"""The listening thread: it reads, and when the line breaks it gets it back."""

import contextlib
import logging
import threading
import time
from collections.abc import Callable
from functools import partial

from chatroom.client.dispatch import Dispatcher
from chatroom.client.entrance import Entrance
from chatroom.client.errors import (
    ChatroomError,
    Closed,
    ConnectionLost,
    LoginRefused,
    NotTrusted,
    PasswordRequired,
    Unreachable,
)
from chatroom.client.events import Event, LineBack, LineGone, LineLost
from chatroom.client.handover import Handover
from chatroom.client.heartbeat import Heartbeat
from chatroom.client.inbox import Inbox
from chatroom.client.line import Line
from chatroom.client.outbox import Outbox
from chatroom.client.pending import Pending
from chatroom.client.requests import ExitRequest
from chatroom.client.wire import LineBroken, Welcome
from chatroom.protocol.errors import ErrorCode
from chatroom.protocol.frames import Frame

_logger = logging.getLogger("chatroom.client")

THREAD_NAME = "chatroom-listener"

STEADY_SECONDS = 10.0
"""A line that held for so long was a good one: the next wait begins short again."""

LONGEST_ABSENCE = 300.0
"""The longest time, in seconds, that a server can ask us to stay away."""

ABORT_SECONDS = 1.0
"""How long close() waits for the thread once its socket has been shut down."""

_TRY_AGAIN = {
    ErrorCode.LOGIN_TIMEOUT,
    ErrorCode.RATE_LIMITED,
    ErrorCode.TOO_MANY_CONNECTIONS,
    ErrorCode.STORAGE_FULL,
    ErrorCode.UNAVAILABLE,
    ErrorCode.SHUTTING_DOWN,
    ErrorCode.INTERNAL,
}
"""Refusals of a login that pass by themselves. After all others only a person can help."""


class Listener:
    """Owns the line of one room from the first login to the end.

    Args:
        line: A line that has been logged in on.
        welcome: How it was welcomed.
        entrance: To come in again.
        timeout: Seconds for each attempt to get the line back.
        reconnect: Whether to get it back at all.
        pending: The requests that wait for answers.
        outbox: The writing side, to be told of each line.
        inbox: Where messages go when nobody listens for events.
        on_event: Is told everything, if given; the inbox then stays empty.
    """

    def __init__(
        self,
        line: Line,
        welcome: Welcome,
        entrance: Entrance,
        *,
        timeout: float,
        reconnect: bool,
        pending: Pending,
        outbox: Outbox,
        inbox: Inbox,
        on_event: Callable[[Event], None] | None,
    ) -> None:
        self._entrance = entrance
        self._timeout = timeout
        self._reconnect = reconnect
        self._handover = Handover(inbox, pending, on_event, entrance.progress)
        self._dispatcher = Dispatcher(entrance.places, self._handover, pending, outbox)
        self._pending = pending
        self._outbox = outbox
        self._inbox = inbox
        self._backoff = entrance.backoff
        self._closing = threading.Event()  # set by close(); ends every wait
        self._lock = threading.Lock()  # guards the two below
        self._line = line  # the line, or the one being opened
        self._left = False  # whether close() has said EX
        self._welcome = welcome  # the newest
        self._given_up: Line | None = None  # for what was left to the server
        # A daemon, as a program that forgets close() should be able to end.
        self._thread = threading.Thread(target=self._run, name=THREAD_NAME, daemon=True)

    def start(self) -> None:
        """Begins to listen."""
        self._attach(self._welcome)
        self._thread.start()

    @property
    def users(self) -> tuple[str, ...]:
        """The newest list of users; any thread may ask."""
        return self._dispatcher.users

    @property
    def here(self) -> bool:
        """Whether the caller is the listening thread itself, in a callback."""
        return threading.current_thread() is self._thread

    def close(self, timeout: float) -> None:
        """Leaves and waits until the thread has ended. Any thread may call it, at any time.

        Args:
            timeout: Seconds to wait for the server's goodbye.
        """
        deadline = time.monotonic() + timeout
        with self._lock:
            first, self._left = not self._left, True
            self._closing.set()
        if first and self._outbox.line is not None:
            self._say_exit(deadline)
        elif first:
            self._abort()  # an attempt to get the line back may be under way
        if self.here:
            self._abort()
            return
        self._thread.join(max(0.0, deadline - time.monotonic()))
        if self._thread.is_alive():
            self._abort()
            self._thread.join(ABORT_SECONDS)  # longer only if a callback does not return

    def _say_exit(self, deadline: float) -> None:
        request = ExitRequest("exit")
        with contextlib.suppress(ChatroomError):  # the line may be down or full; then it just ends
            if self.here:
                self._outbox.leave_for_later(request)
                self._outbox.flush(self._line)
            else:
                self._outbox.submit(request, deadline)

    def _abort(self) -> None:
        with self._lock:
            self._line.abort()

    def _run(self) -> None:
        """The thread."""
        error: ChatroomError | None
        try:
            error = self._stay()
        except Exception:
            _logger.exception("the listening thread failed")
            error = ConnectionLost("The chat client failed; its log says why.")
        finally:
            self._outbox.detach()
            self._line.close()
        self._end(error)

    def _stay(self) -> ChatroomError | None:
        """Listens on one line after the other; returns why no more, None after close()."""
        while True:
            since = time.monotonic()
            broken = self._listen(self._line)
            self._outbox.detach()
            self._line.close()
            if time.monotonic() - since >= STEADY_SECONDS:
                self._backoff.reset()
            if self._closing.is_set():
                return None
            error = self._return(broken)
            if error is not None:
                return error

    def _listen(self, line: Line) -> LineBroken:
        """Reads until the line breaks; returns how."""
        heartbeat = Heartbeat(self._welcome.heartbeat)
        try:
            while True:
                frames = self._hear(line, heartbeat)
                self._dispatcher.take(frames)
                heartbeat.hear()
        except LineBroken as broken:
            if self._given_up is line and broken.reconnect:
                return LineBroken("Messages were left to the server.", at_once=True)
            return broken

    def _hear(self, line: Line, heartbeat: Heartbeat) -> list[Frame]:
        """Waits for the server to say something.

        Bytes that are left over, a resend and what callbacks asked go out between reads: a server
        whose answers nobody reads would stop reading us. So do messages that came too fast, when
        their time has come.

        Raises:
            LineBroken: The connection ended, or the server has been silent for too long.
        """
        while True:
            try:
                flushed = self._outbox.flush(line)
                deadline = min(heartbeat.deadline, self._pending.again_at)
                if flushed or line.wait_either(deadline):
                    return line.read(deadline)
            except TimeoutError:
                if time.monotonic() >= heartbeat.deadline:
                    self._outbox.sign(heartbeat.ask())

    def _return(self, broken: LineBroken) -> ChatroomError | None:
        """Gets the line back; returns why that cannot be, None when it is back or on close()."""
        since = time.monotonic()
        failure: LineBroken | None = broken
        while failure is not None:
            if not (self._reconnect and failure.reconnect):
                return ConnectionLost(failure.reason)
            wait = 0.0 if failure.at_once else self._wait_after(failure)
            self._handover.event(LineLost(failure.reason, wait))
            if self._closing.wait(wait):
                return None
            try:
                failure = self._attempt()
            except (LoginRefused, NotTrusted, PasswordRequired) as error:
                return error
        self._back(time.monotonic() - since)
        return None

    def _wait_after(self, failure: LineBroken) -> float:
        return min(max(failure.after, 0.0), LONGEST_ABSENCE) + self._backoff.next()

    def _attempt(self) -> LineBroken | None:
        """Tries once to get the line back; returns how it failed.

        Raises:
            LoginRefused: Only a person can help.
            NotTrusted: The same.
            PasswordRequired: The same.
        """
        try:
            self._welcome = self._dial()
        except LineBroken as broken:
            return broken
        except Unreachable as error:
            return LineBroken(str(error))
        except LoginRefused as error:
            if error.code not in _TRY_AGAIN:
                raise
            return LineBroken(error.message, after=error.retry_after or 0.0)
        return None

    def _dial(self) -> Welcome:
        with self._lock:
            if self._closing.is_set():
                raise LineBroken("The room has been left.")
            line = self._line = self._line.again()
        return self._entrance.open(line, self._timeout)

    def _back(self, away: float) -> None:
        missed = self._entrance.enter(self._welcome)
        self._attach(self._welcome)
        self._handover.event(LineBack(missed, self._welcome.users, away))

    def _attach(self, welcome: Welcome) -> None:
        """Begins with the line."""
        self._dispatcher.users = welcome.users
        self._handover.begin(partial(self._give_up, self._line))
        self._outbox.attach(self._line)

    def _give_up(self, line: Line) -> None:
        """Ends a line so that the next one brings what was left to the server. Any thread."""
        self._given_up = line
        line.abort()

    def _end(self, error: ChatroomError | None) -> None:
        """Lets go of everyone who waits."""
        if self._closing.is_set() and self._entrance.progress is not None:
            self._entrance.progress.close()
        if error is None or self._closing.is_set():
            self._pending.end(Closed)
            self._inbox.end(Closed, discard=True)
            return
        reason = str(error)
        self._pending.end(lambda: ConnectionLost(reason))
        self._inbox.end(lambda: ConnectionLost(reason), discard=False)
        self._handover.event(LineGone(error))
