"""The requests that have not been answered, in the order in which they go out."""

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence

from chatroom.client.errors import ChatroomError, RequestTimeout
from chatroom.client.pacing import AnyRequest, Pacing
from chatroom.client.wire import Reply


class Pending:
    """Keeps every request until it is answered, so that a new line can be given all of them.

    Sending one twice is harmless: the server knows it by its id.

    Args:
        limit: How many may wait at once.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._space = threading.Condition(threading.Lock())  # guards all below
        self._requests: dict[str, AnyRequest] = {}  # all, by id, in the order of `add()`
        self._unsent: deque[AnyRequest] = deque()  # those still to go out on this line
        self._pacing = Pacing(self._requests)  # those that the server would refuse just now
        self._added = 0  # how many there have been
        self._end: Callable[[], ChatroomError] | None = None  # what `add()` raises at the end

    def add(self, request: AnyRequest, deadline: float) -> None:
        """Takes a request in; waits while too many are unanswered.

        Args:
            request: A new request.
            deadline: When to give up, by `time.monotonic()`.

        Raises:
            RequestTimeout: There was no room for it in time; it was not sent.
            ChatroomError: The end, as given to `end()`.
        """
        with self._space:
            while self._end is None and len(self._requests) >= self._limit:
                if not self._space.wait(max(0.0, deadline - time.monotonic())):
                    raise RequestTimeout(
                        f"{self._limit} messages wait to be confirmed; this one was not sent."
                    )
            if self._end is not None:
                raise self._end()
            self._added = request.number = self._added + 1
            self._requests[request.id] = request
            self._unsent.append(request)

    def take(self, size: int) -> bytes:
        """Returns the next frames to be sent, about `size` bytes of them, joined."""
        frames: list[bytes] = []
        now = time.monotonic()
        with self._space:
            if self._pacing.careful:
                self._unsent = self._pacing.sort(self._unsent, now)
            while self._unsent and size > 0:
                request = self._unsent.popleft()
                request.sent_at = now
                frames.append(request.data)
                size -= len(request.data)
        return b"".join(frames)

    @property
    def unsent(self) -> bool:
        """Whether anything waits to be sent and may be."""
        return bool(self._unsent) or self.again_at <= time.monotonic()

    @property
    def again_at(self) -> float:
        """When the first message may go out that came too fast, infinity if there is none."""
        if not self._pacing.careful:
            return math.inf
        with self._space:
            return self._pacing.ready_at

    def put_off(self, name: str, wait: float) -> bool:
        """Has a request go out again in some time, as the server said that it came too fast.

        Args:
            name: Its id.
            wait: In how many seconds.

        Returns:
            Whether there is such a request.
        """
        with self._space:
            request = self._requests.get(name)
            if request is None:
                return False
            request.sent_at = None  # it was not stored
            self._pacing.refuse(request, wait, time.monotonic())
        return True

    @property
    def oldest_id(self) -> str | None:
        """The id of the oldest unanswered request, if it has been sent."""
        with self._space:
            first = next(iter(self._requests.values()), None)
            return None if first is None or first.sent_at is None else first.id

    def answer(self, replies: Sequence[tuple[str, Reply]]) -> None:
        """Settles the requests that the replies are for; others are ignored.

        One lock operation however many they are.
        """
        with self._space:
            found = [(self._requests.pop(name, None), reply) for name, reply in replies]
            if self._pacing.careful:
                for name, _ in replies:
                    self._pacing.land(name)
            self._space.notify(len(found))
        for request, reply in found:  # outside the lock: callers may have hung code on them
            if request is not None:
                request.settle(reply)

    def withdraw(self, request: AnyRequest) -> bool:
        """Forgets a request nobody waits for any more; returns False if it is answered already."""
        with self._space:
            if self._requests.pop(request.id, None) is None:
                return False
            if request in self._unsent:
                self._unsent.remove(request)
            if self._pacing.careful:
                self._pacing.land(request.id)
            self._space.notify()
            return True

    def rewind(self) -> None:
        """Makes every unanswered request go out again, in the same order, on a new line."""
        with self._space:
            self._unsent = deque(self._requests.values())
            self._pacing.rewind()

    def end(self, error: Callable[[], ChatroomError]) -> None:
        """Fails all requests and refuses further ones.

        Args:
            error: Makes what each of them gets.
        """
        with self._space:
            self._end = error
            failed = list(self._requests.values())
            self._requests.clear()
            self._unsent.clear()
            self._space.notify_all()
        for request in failed:
            request.fail(error())
