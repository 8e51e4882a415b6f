"""One logged-in client."""

from collections.abc import Iterator
from concurrent.futures import Future
from types import TracebackType
from typing import Self

from chatroom.client.events import Message, Receipt


class Room:
    """One logged-in client; any number of threads may use it."""

    username: str
    address: str
    new_user: bool

    @property
    def users(self) -> tuple[str, ...]:
        """The newest list of users that the server sent, sorted."""
        raise NotImplementedError

    @property
    def connected(self) -> bool:
        """Whether the line is up and logged in."""
        raise NotImplementedError

    def send(self, text: str, *, timeout: float | None = None) -> Receipt:
        """Sends a public message and waits until it is confirmed."""
        raise NotImplementedError

    def send_to(self, name: str, text: str, *, timeout: float | None = None) -> Receipt:
        """Sends a direct message and waits until it is confirmed."""
        raise NotImplementedError

    def submit(self, text: str, *, to: str | None = None) -> Future[Receipt]:
        """Sends a message and returns at once."""
        raise NotImplementedError

    def who(self, *, timeout: float | None = None) -> tuple[str, ...]:
        """Asks who is in the room."""
        raise NotImplementedError

    def ping(self, *, timeout: float | None = None) -> float:
        """Measures a round trip in seconds."""
        raise NotImplementedError

    def next_message(self, timeout: float | None = None) -> Message:
        """Returns the next message."""
        raise NotImplementedError

    def __iter__(self) -> Iterator[Message]:
        """Returns itself: messages as they come."""
        return self

    def __next__(self) -> Message:
        """Returns the next message; ends after close()."""
        raise NotImplementedError

    def close(self, *, timeout: float = 2.0) -> None:
        """Leaves the room; idempotent."""
        raise NotImplementedError

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
