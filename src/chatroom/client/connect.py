"""The way into a room."""

from collections.abc import Callable

from chatroom.client.events import Event
from chatroom.client.room import Room


def connect(
    address: str = "127.0.0.1:12345",
    *,
    username: str,
    password: str | None = None,
    timeout: float = 10.0,
    reconnect: bool = True,
    on_event: Callable[[Event], None] | None = None,
) -> Room:
    """Connects and logs in."""
    raise NotImplementedError


def account_exists(address: str, username: str, *, timeout: float = 10.0) -> bool:
    """Asks whether an account exists."""
    raise NotImplementedError
