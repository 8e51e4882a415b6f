"""What an outbox asks of what it writes to: a socket has it, and so has one that speaks TLS."""

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class Channel(Protocol):
    """The writing side of a connection; see the `socket` methods of the same names."""

    def send(self, data: "ReadableBuffer", flags: int, /) -> int:
        """Send some of `data`; return how many bytes that was."""

    def shutdown(self, how: int, /) -> None:
        """End one direction, or both."""

    def setsockopt(self, level: int, option: int, value: bytes, /) -> None:
        """Set an option of the socket."""

    def fileno(self) -> int:
        """Return the descriptor."""

    def close(self) -> None:
        """Give it back."""
