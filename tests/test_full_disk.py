"""A disk that fills up in the middle of a talk, and is freed again."""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatroom.log.base import ROOM
from chatroom.log.sqlite import SqliteStore
from chatroom.log.verifying import verify
from tests.conversation import Client, running
from tests.log.hearing import hearing
from tests.log.stores import everything
from tests.needs import missing
from tests.serving import Server

DISK_KIB = 24 * 1024

BALLAST_KIB = 6 * 1024
"""What somebody else has on the disk, and takes away in the end."""

LONG = "x" * 8000


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk of its own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_KIB}k", "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        missing("mounting a small disk takes the super-user")
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


def free_kib(disk: Path) -> int:
    """Returns how much room there is."""
    status = os.statvfs(disk)
    return status.f_bavail * status.f_frsize // 1024


def fill(client: Client, first: int) -> int:
    """Says long messages until the disk is full; returns the number of the one that was refused."""
    for number in range(first, first + DISK_KIB // 8):
        reply = client.ask("PM", message=f"{number} {LONG}", id=f"m{number}")
        if reply["type"] != "confirmation":
            assert (reply["type"], reply["code"], reply["id"]) == (
                "error",
                "storage_full",
                f"m{number}",
            )
            return number
        assert reply["seq"] == number
    raise AssertionError("it was never full")


def said(data: Path) -> list[str]:
    """Returns the numbers of the messages in the room, once all of the file was found right."""
    assert not verify(data).faults
    with contextlib.closing(SqliteStore(data)) as store:
        return [entry.text.partition(" ")[0] for entry in everything(store, ROOM)]


def test_a_full_disk_ends_nothing_and_is_noticed_when_it_is_freed(disk: Path) -> None:
    """Confirmed is what is there, and meanwhile everybody may read and come and go."""
    data, ballast = disk / "room.db", disk / "ballast"
    ballast.write_bytes(bytes(BALLAST_KIB * 1024))
    with hearing("chatroom.log.committer") as heard, running(data, faulty=True) as server:
        bob, alice = server.enter("bob"), server.enter("alice")
        full = fill(bob, 1)
        assert full > 100
        assert [frame["seq"] for frame in alice.heard()] == [*range(1, full)]
        alice.refused("storage_full", "PM", message="short", id="short")
        assert bob.ask("WHO")["users"] == ["alice", "bob"]
        alice.close()
        bob.wait_roster("bob")
        alice = server.enter("alice")
        assert [level for level, _ in heard.said] == ["ERROR"]

        ballast.unlink()
        heard.wait_for(2)
        assert heard.said[1:] == [
            ("WARNING", "There is room on the disk again; messages are stored.")
        ]
        end = fill(bob, full)
        assert end > full + 100
        assert [frame["seq"] for frame in alice.heard()] == [*range(full, end)]
    assert said(data) == [str(number) for number in range(1, end)]


def test_a_server_can_start_on_a_disk_that_it_has_filled(disk: Path) -> None:
    """Also where it was killed, so that what it wrote last is still to be written back."""
    data = disk / "room.db"
    with Server(data) as server:
        with Client(("127.0.0.1", server.port)) as bob:
            bob.login("bob")
            full = fill(bob, 1)
        server.kill()
        assert free_kib(disk) > DISK_KIB // 10
        server.start()
        with Client(("127.0.0.1", server.port)) as bob:
            bob.login("bob")
            bob.refused("storage_full", "PM", message=f"{full} {LONG}")
            assert bob.ask("WHO")["users"] == ["bob"]
        assert server.stop() == 0
    assert said(data) == [str(number) for number in range(1, full)]
