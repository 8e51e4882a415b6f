"""The way of a request from the thread that makes it to the line.

The thread that asks also writes, so there is no thread and no handing over in between. Frames go
out in the order of `Pending` whoever writes them: taking them and writing them is one step under
the line's lock. While the line is down nothing is written; the listening thread then puts the line
back, everything unanswered goes out again, and what was asked meanwhile follows.

Lock order: the line's, then `Pending`'s.
"""

from collections import deque

from chatroom.client.errors import ChatroomError, RequestTimeout
from chatroom.client.line import Line
from chatroom.client.pacing import AnyRequest
from chatroom.client.pending import Pending
from chatroom.client.progress import Progress
from chatroom.client.requests import SendRequest

_PORTION_BYTES = 65536


class Outbox:
    """Takes requests to the line of the moment.

    Args:
        pending: Where requests stay until they are answered.
        progress: Where messages are kept over the end of the program, if anywhere.
    """

    def __init__(self, pending: Pending, progress: Progress | None = None) -> None:
        self._pending = pending
        self._progress = progress
        self._line: Line | None = None  # None while the line is down
        self._signs: deque[bytes] = deque(maxlen=1)  # a sign of life that is to go out

    @property
    def line(self) -> Line | None:
        """The line of the moment, None while it is down."""
        return self._line

    def attach(self, line: Line) -> None:
        """Begins with a new line; only for the listening thread, after the old one was closed."""
        self._pending.rewind()
        self._signs.clear()
        self._line = line

    def detach(self) -> None:
        """The line is down; only for the listening thread."""
        self._line = None

    def submit(self, request: AnyRequest, deadline: float) -> None:
        """Takes a request in and writes it, if there is a line; waits while the socket is full.

        Raises:
            RequestTimeout: It could not be written in time and will not be.
            StateUnusable: A message cannot be kept in the state file; it is not sent.
            ChatroomError: The room has been left or the line is gone.
        """
        self._take_in(request, deadline)
        while (line := self._line) is not None:
            if line.pump(self._more):
                return
            if line.wait_writable(deadline):
                continue
            if request.sent_at is None and self.withdraw(request):
                raise RequestTimeout("The server takes no more messages; this one was not sent.")
            return

    def leave_for_later(self, request: AnyRequest) -> None:
        """Takes a request in without waiting for anything.

        The listening thread, which must not wait for itself, asks by this; it writes before it
        listens again.

        Raises:
            RequestTimeout: Too many requests wait.
            StateUnusable: As for `submit()`.
            ChatroomError: The room has been left or the line is gone.
        """
        self._take_in(request, deadline=0.0)

    def _take_in(self, request: AnyRequest, deadline: float) -> None:
        if self._progress is not None and isinstance(request, SendRequest):
            self._progress.keep(request.id, request.to, request.text)
        try:
            self._pending.add(request, deadline)
        except ChatroomError:
            self._forget(request)
            raise

    def withdraw(self, request: AnyRequest) -> bool:
        """Forgets a request nobody waits for any more; returns False if it is answered already."""
        withdrawn = self._pending.withdraw(request)
        if withdrawn:
            self._forget(request)
        return withdrawn

    def why_unsent(self, seconds: float) -> str:
        """Returns the sentence for a request that could not be sent within so many seconds."""
        if self._line is None:
            return f"There was no line to the server for {seconds:g} seconds; nothing was sent."
        return f"The server took no more messages for {seconds:g} seconds; this one was not sent."

    def _forget(self, request: AnyRequest) -> None:
        if self._progress is not None:
            self._progress.drop(request.id)

    def sign(self, frame: bytes) -> None:
        """Lets a sign of life go out before all else; only for the listening thread."""
        self._signs.append(frame)

    def flush(self, line: Line) -> bool:
        """Writes what the line takes; returns whether everything is out."""
        if not (self._signs or line.backlog or self._pending.unsent):
            return True
        return line.pump(self._more)

    def _more(self) -> bytes:
        """Returns the next bytes; called under the line's lock."""
        sign = self._signs.pop() if self._signs else b""
        return sign + self._pending.take(_PORTION_BYTES)
