"""One logged-in client.

Threads: the callers' own, which write, and `chatroom-listener`, which reads, settles requests,
calls `on_event` and gets a broken line back. No lock of this package is held while code of the user
runs. Lock order: `Listener`, `Line` (waiting, then writing), `Pending`; `Inbox` and `Progress`
stand alone.
"""

import itertools
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from types import TracebackType
from typing import Self, TypeVar

from chatroom.client.entrance import Entrance
from chatroom.client.errors import Closed, RequestTimeout
from chatroom.client.events import Event, Message, Receipt
from chatroom.client.inbox import Inbox
from chatroom.client.line import Line
from chatroom.client.listener import Listener
from chatroom.client.outbox import Outbox
from chatroom.client.pending import Pending
from chatroom.client.requests import PingRequest, Request, SendRequest, WhoRequest
from chatroom.client.wire import Welcome

INBOX_MESSAGES = 10_000
"""How many messages wait for a reader before further ones are left to the server."""

PENDING_REQUESTS = 10_000
"""How many requests may be unanswered before `submit()` waits."""

_T = TypeVar("_T")


class Room:
    """One logged-in client, as `connect()` returns it; any number of threads may use it.

    It is a context manager, which closes it, and an iterator over the messages that come.

    When the line to the server breaks, it is got back in the background. What was missed comes
    first, and what was sent and not confirmed is sent again, which the server recognises by its id.
    Messages that nobody reads are left to the server and come when the others have been read.
    When the server says that messages come too fast, they wait and are sent again, in order.

    Every `timeout` is in seconds; None stands for the one given to `connect()`. Methods that wait
    must not be called from `on_event` or a callback of a future, as those run in the thread that
    is waited for; they raise RuntimeError there. `submit()` and `close()` may.

    Args:
        line: A line that has been logged in on; the room closes it.
        welcome: The server's answer to the login.
        entrance: To come in again.
        timeout: Seconds that a call waits unless it says otherwise.
        reconnect: Whether to get a broken line back.
        on_event: Called with every event; messages are then not kept for iteration.
    """

    def __init__(
        self,
        line: Line,
        welcome: Welcome,
        entrance: Entrance,
        *,
        timeout: float,
        reconnect: bool,
        on_event: Callable[[Event], None] | None,
    ) -> None:
        self.username = welcome.username
        """Our name as it was registered."""
        self.address = str(line.address)
        """The server's address."""
        self.new_user = welcome.new_user
        """Whether the login made the account."""
        self.behind = entrance.enter(welcome)
        """How many messages come first, with `replay`: the history, or what came since `state`."""
        self._timeout = timeout
        self._prefix = secrets.token_hex(8)  # makes the ids of this room unlike all others
        self._counter = itertools.count(1)
        self._taken = threading.local()  # its `message` is the one that a thread's loop is at
        self._progress = entrance.progress
        self._inbox = Inbox(INBOX_MESSAGES, lossy=not reconnect)
        self._pending = Pending(PENDING_REQUESTS)
        self._outbox = Outbox(self._pending, self._progress)
        self._listener = Listener(
            line,
            welcome,
            entrance,
            timeout=timeout,
            reconnect=reconnect,
            pending=self._pending,
            outbox=self._outbox,
            inbox=self._inbox,
            on_event=on_event,
        )
        for message in self._progress.unsent if self._progress else ():
            self._pending.add(SendRequest(message.id, message.text, message.to), deadline=0.0)
        self._listener.start()

    @property
    def users(self) -> tuple[str, ...]:
        """The newest list of users that the server sent, sorted."""
        return self._listener.users

    @property
    def connected(self) -> bool:
        """Whether the line is up and logged in."""
        return self._outbox.line is not None

    def send(self, text: str, *, timeout: float | None = None) -> Receipt:
        """Sends a public message and waits until it is confirmed.

        Args:
            text: What to say: 1 to 8,192 bytes of UTF-8, no control characters but newline and tab.
            timeout: See the class.

        Raises:
            Refused: The server does not take it.
            StateUnusable: It cannot be kept in the state file; it was not sent.
            RequestTimeout: It was not confirmed in time; the sentence says whether it may arrive.
            ConnectionLost: The line is gone for good.
            Closed: The room has been left.
        """
        return self._ask(SendRequest(self._next_id(), text, None), timeout)

    def send_to(self, name: str, text: str, *, timeout: float | None = None) -> Receipt:
        """Sends a direct message and waits until it is confirmed.

        Args:
            name: Whom it is for.
            text: As for `send()`.
            timeout: See the class.

        Raises:
            NotInRoom: Nobody of that name is in the room.
            Refused: As for `send()`, and the others too.
        """
        return self._ask(SendRequest(self._next_id(), text, name), timeout)

    def submit(self, text: str, *, to: str | None = None) -> Future[Receipt]:
        """Sends a message and returns at once; many may be on their way.

        It waits, up to the timeout given to `connect()`, only when 10,000 requests are unanswered
        or the socket is full. While the line is down the message is kept and sent when it is back;
        in the state file, if there is one, also over the end of the program.
        The future cannot be cancelled; it fails with what `send()` would raise.

        Args:
            text: As for `send()`.
            to: Whom a direct message is for; None for a public one.

        Raises:
            Refused: It cannot be sent at all.
            StateUnusable: It cannot be kept in the state file; it was not sent.
            RequestTimeout: There was no room for it in time; it was not sent.
            ConnectionLost: The line is gone for good.
            Closed: The room has been left.
        """
        request = SendRequest(self._next_id(), text, to)
        if self._listener.here:
            self._outbox.leave_for_later(request)
        else:
            self._outbox.submit(request, time.monotonic() + self._timeout)
        return request.future

    def who(self, *, timeout: float | None = None) -> tuple[str, ...]:
        """Asks who is in the room. While the line is down it waits for the line.

        Raises:
            RequestTimeout: No answer in time.
            ConnectionLost: The line is gone for good.
            Closed: The room has been left.
        """
        return self._ask(WhoRequest(self._next_id()), timeout)

    def ping(self, *, timeout: float | None = None) -> float:
        """Measures the round trip to the server, in seconds; raises as `who()` does."""
        return self._ask(PingRequest(self._next_id()), timeout)

    def next_message(self, timeout: float | None = None) -> Message:
        """Returns the next message, waiting for it.

        Several threads may read; each message goes to one of them.

        Raises:
            RequestTimeout: None came in time.
            ReaderTooSlow: Messages were dropped as nobody read them; reading can go on. Only
                without `reconnect`, as otherwise they are got later.
            ConnectionLost: The line is gone for good and everything that came has been read.
            Closed: The room has been left.
        """
        self._refuse_in_callback()
        return self._inbox.get(self._timeout if timeout is None else timeout)

    def __iter__(self) -> Iterator[Message]:
        """Returns itself."""
        return self

    def __next__(self) -> Message:
        """Returns the next message, waiting for it without limit; ends after `close()`.

        It commits the message that it returned to this thread before.

        Raises:
            StopIteration: The room has been left.
            ReaderTooSlow: As for `next_message()`.
            ConnectionLost: As for `next_message()`.
            StateUnusable: As for `commit()`.
        """
        self._refuse_in_callback()
        if self._progress is not None:
            self._commit_taken()
        try:
            message = self._inbox.get(None)
        except Closed:
            raise StopIteration from None
        if self._progress is not None:
            self._taken.message = message
        return message

    def _commit_taken(self) -> None:
        taken: Message | None = getattr(self._taken, "message", None)
        if taken is not None:
            self.commit(taken)
            self._taken.message = None

    def commit(self, message: Message) -> None:
        """Notes in the state file that a message has been handled, so that it never comes again.

        Called for us after `on_event` has returned, if it did not raise, and by the iteration when
        it is asked for the next message. Whoever calls `next_message()`, or leaves a loop early,
        calls this. What comes again after a crash begins with the first message that was not
        committed. Without a state file it does nothing. Any thread may call it.

        Args:
            message: One that this room gave out.

        Raises:
            StateUnusable: The file cannot be written.
        """
        if self._progress is not None:
            self._progress.commit(message)

    def close(self, *, timeout: float = 2.0) -> None:
        """Leaves the room; whoever waits gets `Closed`. May be called again, by any thread.

        What has been sent before is still confirmed, if the server answers in time. What is not
        fails with `Closed`, and is sent at the next start with the same state file. The session
        ends, so the next start needs the password.

        Args:
            timeout: Seconds to wait for the server's goodbye.
        """
        self._inbox.end(Closed, discard=True)
        self._listener.close(timeout)
        if self._progress is not None and not self._listener.here:
            self._progress.close()

    def __enter__(self) -> Self:
        """Returns itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Leaves the room."""
        self.close()

    def _next_id(self) -> str:
        return f"{self._prefix}-{next(self._counter)}"

    def _refuse_in_callback(self) -> None:
        if self._listener.here:
            raise RuntimeError(
                "This waits for the server and so cannot be called from on_event; use submit()."
            )

    def _ask(self, request: Request[_T], timeout: float | None) -> _T:
        self._refuse_in_callback()
        seconds = self._timeout if timeout is None else timeout
        deadline = time.monotonic() + seconds
        with self._inbox.hurry():
            self._outbox.submit(request, deadline)
            try:
                return request.future.result(max(0.0, deadline - time.monotonic()))
            except TimeoutError:
                if not self._outbox.withdraw(request):
                    return request.future.result()  # the answer is just being handed over
        if request.sent_at is None:
            raise RequestTimeout(self._outbox.why_unsent(seconds))
        raise RequestTimeout(
            f"The server did not answer within {seconds:g} seconds; what was sent may still arrive."
        )
