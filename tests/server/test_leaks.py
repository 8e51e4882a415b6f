"""Whoever comes and goes leaves nothing behind: no thread, no socket, no memory."""

import gc
import threading
from collections import Counter
from collections.abc import Callable
from mmap import PAGESIZE
from pathlib import Path
from typing import NamedTuple

import pytest

from chatroom.server import readers
from chatroom.server.tail import Tail
from tests.conversation import DEADLINE, Client, Running, running

GUESTS = 200
ROUNDS = 20
BYTES_PER_GUEST = 2048
"""How much the memory may grow for each who came and went, which leaves room for what the system's
allocator does. A connection that was forgotten takes twice as much."""


def leave(client: Client) -> None:
    """Goes as one should."""
    client.send("EX")
    assert client.remainder()[-1]["type"] == "bye"
    client.close()


def test_200_clients_come_and_go_20_times(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads, sockets and memory end where they began."""
    monkeypatch.setattr(readers, "Tail", lambda *_: Tail(65536))
    with running(tmp_path / "room.db") as server:
        witness = server.enter("witness")
        for farewell in (leave, Client.close, Client.reset):  # the first time makes what stays
            come_and_go(server, witness, farewell)
        before, resident_before = census(), resident_bytes()
        for count in range(ROUNDS):
            come_and_go(server, witness, (leave, Client.close, Client.reset)[count % 3])
        assert census() == before
        assert resident_bytes() - resident_before < BYTES_PER_GUEST * GUESTS * ROUNDS


def come_and_go(server: Running, witness: Client, farewell: Callable[[Client], None]) -> None:
    """Lets all guests come, say something, and go, and waits until the server is done with them."""
    guests = [Client(server.address) for _ in range(GUESTS)]
    for number, guest in enumerate(guests):
        guest.send("login", username=f"guest{number}", password="secret")
        if number % 20 == 0:
            guest.send("PM", message="hello")
    for number, guest in enumerate(guests):
        while guest.news()["type"] != ("welcome" if number % 20 else "confirmation"):
            pass
    threads = [thread for thread in threading.enumerate() if "guest" in thread.name]
    assert len(threads) == GUESTS
    for guest in guests:
        farewell(guest)
    for thread in threads:
        thread.join(DEADLINE)
    witness.wait_roster("witness")
    witness.heard()  # behind the news that the last thread had ended
    witness.heard()  # behind the closing of its socket


class Census(NamedTuple):
    """What there is of all that connections need."""

    threads: list[str]
    """The names of all."""
    descriptors: int
    """How many files and sockets are open."""
    objects: dict[str, int]
    """How many there are of the kinds of objects that each connection has."""


def census() -> Census:
    """Counts what there is."""
    gc.collect()
    kinds = Counter(type(thing).__name__ for thing in gc.get_objects())
    return Census(
        sorted(thread.name for thread in threading.enumerate()),
        len(list(Path("/proc/self/fd").iterdir())),
        {
            kind: kinds[kind]
            for kind in ("Connection", "Outbox", "Member", "FrameDecoder", "socket")
        },
    )


def resident_bytes() -> int:
    """Returns how much memory this process has."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * PAGESIZE
