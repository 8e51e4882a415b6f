"""A room and a face that tests hold in their hands."""

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager

from msgspec.structs import replace

from chatroom.client.errors import ChatroomError, ConnectionLost
from chatroom.client.events import Message, Receipt


class FakeRoom:
    """A room that keeps what is sent until the test answers it."""

    def __init__(
        self,
        username: str = "alice",
        users: tuple[str, ...] = ("alice", "bob"),
        *,
        behind: int = 0,
    ) -> None:
        self.username = username
        self.users = users
        self.behind = behind
        self.connected = True
        self.closed = False
        self.sent: list[tuple[str, str | None]] = []
        self.futures: list[Future[Receipt]] = []
        self.failure: ChatroomError | None = None
        """What submit() and who() raise."""
        self.answer: Callable[[Future[Receipt]], None] = confirm
        """What becomes of each message."""

    def fail(self) -> None:
        """Lets everything fail from now on."""
        self.failure = ConnectionLost("It broke.")

    def submit(self, text: str, *, to: str | None = None) -> Future[Receipt]:
        """Keeps the message and answers it."""
        if self.failure is not None:
            raise self.failure
        self.sent.append((text, to))
        future: Future[Receipt] = Future()
        self.futures.append(future)
        self.answer(future)
        return future

    def who(self, *, timeout: float | None = None) -> tuple[str, ...]:
        """Returns the users."""
        del timeout
        if self.failure is not None:
            raise self.failure
        return self.users

    def close(self, *, timeout: float = 2.0) -> None:
        """Notes that it was called."""
        del timeout
        self.closed = True


class FakeFace:
    """Keeps what is shown."""

    def __init__(self) -> None:
        self.shown: list[str] = []
        self.complaints: list[str] = []
        self.hung_up = False

    def show(self, lines: Sequence[str]) -> None:
        """Keeps lines."""
        self.shown += lines

    def complain(self, lines: Sequence[str]) -> None:
        """Keeps lines."""
        self.complaints += lines

    def hang_up(self) -> None:
        """Notes that it was called."""
        self.hung_up = True


RECEIPT = Receipt(seq=1, epoch="e", ts=1_700_000_000.0, duplicate=False, id="1", to=None)


AGAIN = replace(RECEIPT, duplicate=True)
"""The receipt of a message that was sent once more after a break."""


def confirm(future: Future[Receipt]) -> None:
    """Confirms a message."""
    future.set_result(RECEIPT)


def keep(future: Future[Receipt]) -> None:
    """Leaves a message unconfirmed."""
    del future


def message(
    text: str,
    *,
    sender: str = "bob",
    to: str | None = None,
    seq: int = 1,
    replay: bool = False,
    ts: float = 1_700_000_000.0,
) -> Message:
    """Returns something that was said."""
    return Message(sender, text, to is not None, to, seq, seq - 1, "e", ts, replay)


def replayed(*texts: str, first: int = 1) -> list[Message]:
    """Returns public messages that come as replay, one place after the other."""
    return [message(text, seq=seq, replay=True) for seq, text in enumerate(texts, first)]


@contextmanager
def written(data: bytes) -> Iterator[int]:
    """The reading end of a pipe into which `data` is written, and which then ends."""
    reader, writer = os.pipe()

    def write() -> None:
        with os.fdopen(writer, "wb") as pipe:
            pipe.write(data)

    thread = threading.Thread(target=write, name="test-writer")
    thread.start()
    try:
        yield reader
        thread.join()
    finally:
        os.close(reader)
