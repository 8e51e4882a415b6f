"""People in the room who have no browser."""

from collections.abc import Iterator
from contextlib import contextmanager

import chatroom
from tests.cli.command import PASSWORD, as_user
from tests.cli.screen import Screen


@contextmanager
def program(address: str, name: str) -> Iterator[chatroom.Room]:
    """Somebody in the room by the library."""
    with chatroom.connect(address, username=name, password=PASSWORD) as room:
        yield room


@contextmanager
def terminal(address: str, name: str) -> Iterator[Screen]:
    """Somebody in the room by `chatroom join`, who leaves at the end."""
    with Screen("join", address, "--history", "0", env=as_user(name)) as screen:
        screen.wait_for("PM, DM, WHO or EX:")
        yield screen
        screen.enter("EX")
        assert screen.wait_for_exit() == 0


def say_lines(room: chatroom.Room, first: int, last: int) -> None:
    """Say "line N" for each number, and see that all of it is stored."""
    futures = [room.submit(f"line {number}") for number in range(first, last + 1)]
    for future in futures:
        future.result(20)
