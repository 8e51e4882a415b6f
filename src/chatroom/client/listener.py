"""The listening thread: it reads, and when the line breaks it gets it back."""

import contextlib
import logging
import threading
import time

from chatroom.client.backoff import Backoff
from chatroom.client.dispatch import Dispatcher
from chatroom.client.errors import (
    ChatroomError,
    Closed,
    ConnectionLost,
    LoginRefused,
    PasswordRequired,
    Unreachable,
)
from chatroom.client.events import LineBack, LineGone, LineLost
from chatroom.client.handshake import Login, log_in
from chatroom.client.inbox import Inbox
from chatroom.client.line import Line
from chatroom.client.outbox import Outbox
from chatroom.client.pending import Pending
from chatroom.client.requests import ExitRequest
from chatroom.client.wire import LineBroken, Welcome
from chatroom.protocol.errors import ErrorCode

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
        login: To log in again.
        timeout: Seconds for each attempt to get the line back.
        reconnect: Whether to get it back at all.
        dispatcher: Takes what is read.
        pending: The requests, to fail them at the end.
        outbox: The writing side, to be told of each line.
        inbox: The messages, to be told of the end.
    """

    def __init__(
        self,
        line: Line,
        login: Login,
        *,
        timeout: float,
        reconnect: bool,
        dispatcher: Dispatcher,
        pending: Pending,
        outbox: Outbox,
        inbox: Inbox,
    ) -> None:
        self._login = login
        self._timeout = timeout
        self._reconnect = reconnect
        self._dispatcher = dispatcher
        self._pending = pending
        self._outbox = outbox
        self._inbox = inbox
        self._backoff = Backoff()
        self._closing = threading.Event()  # set by close(); ends every wait
        self._lock = threading.Lock()  # guards the two below
        self._line = line  # the line, or the one being opened
        self._left = False  # whether close() has said EX
        # A daemon, as a program that forgets close() should be able to end.
        self._thread = threading.Thread(target=self._run, name=THREAD_NAME, daemon=True)

    def start(self) -> None:
        """Begins to listen."""
        self._outbox.attach(self._line)
        self._thread.start()

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
        try:
            while True:
                # Bytes that are left over, a resend and what callbacks asked go out between reads:
                # a server whose answers nobody reads would stop reading us.
                if not self._outbox.flush(line) and not line.wait_either():
                    continue
                self._dispatcher.take(line.read())
        except LineBroken as broken:
            return broken

    def _return(self, broken: LineBroken) -> ChatroomError | None:
        """Gets the line back; returns why that cannot be, None when it is back or on close()."""
        failure: LineBroken | None = broken
        while failure is not None:
            if not (self._reconnect and failure.reconnect):
                return ConnectionLost(failure.reason)
            wait = min(max(failure.after, 0.0), LONGEST_ABSENCE) + self._backoff.next()
            self._dispatcher.emit(LineLost(failure.reason, wait))
            if self._closing.wait(wait):
                break
            try:
                failure = self._attempt()
            except (LoginRefused, PasswordRequired) as error:
                return error
        return None

    def _attempt(self) -> LineBroken | None:
        """Tries once to get the line back; returns how it failed.

        Raises:
            LoginRefused: Only a person can help.
            PasswordRequired: The same.
        """
        try:
            welcome = self._dial()
        except LineBroken as broken:
            return broken
        except Unreachable as error:
            return LineBroken(str(error))
        except LoginRefused as error:
            if error.code not in _TRY_AGAIN:
                raise
            return LineBroken(error.message, after=error.retry_after or 0.0)
        self._back(welcome)
        return None

    def _dial(self) -> Welcome:
        with self._lock:
            if self._closing.is_set():
                raise LineBroken("The room has been left.")
            line = self._line = Line(self._line.address)
        return log_in(line, self._login, time.monotonic() + self._timeout)

    def _back(self, welcome: Welcome) -> None:
        self._dispatcher.update(welcome.users)
        self._outbox.attach(self._line)
        # What was missed shows with the first message: then a Gap tells it.
        self._dispatcher.emit(LineBack(0, welcome.users, 0.0))

    def _end(self, error: ChatroomError | None) -> None:
        """Lets go of everyone who waits."""
        if error is None or self._closing.is_set():
            self._pending.end(Closed)
            self._inbox.end(Closed, discard=True)
            return
        reason = str(error)
        self._pending.end(lambda: ConnectionLost(reason))
        self._inbox.end(lambda: ConnectionLost(reason), discard=False)
        self._dispatcher.emit(LineGone(error))
