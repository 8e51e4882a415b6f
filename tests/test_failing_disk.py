"""A disk that can be written but not synced: nothing is confirmed, and nothing is tried again."""

import contextlib
import os
import signal
from pathlib import Path

import pytest

from tests.conversation import Client, Frame
from tests.failing import FailingDisk
from tests.serving import Server


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The file of the database, in a folder of its own."""
    (tmp_path / "disk").mkdir()
    return tmp_path / "disk" / "room.db"


@pytest.fixture
def disk(tmp_path: Path, data: Path) -> FailingDisk:
    """The disk of the data."""
    return FailingDisk(tmp_path / "scratch", data.parent)


def client_of(server: Server) -> Client:
    """Returns a client that is logged in."""
    client = Client(("127.0.0.1", server.port))
    client.login("bob")
    return client


def say(client: Client, text: str) -> Frame:
    """Says something under an id of its own; returns the reply."""
    return client.ask("PM", message=text, id=text)


def rest(client: Client) -> list[Frame]:
    """Returns what the server still sends, up to its end."""
    frames: list[Frame] = []
    with contextlib.suppress(EOFError, ConnectionError):
        while True:
            frames.append(client.read())
    return frames


def test_a_failed_sync_ends_the_server_and_is_not_tried_again(
    data: Path, disk: FailingDisk, capfd: pytest.CaptureFixture[str]
) -> None:
    """The message is not confirmed, and nothing is written to the files any more."""
    with Server(data, env=disk.environment) as server, client_of(server) as bob:
        confirmed = [say(bob, f"message {number}")["seq"] for number in range(20)]
        assert confirmed == list(range(1, 21))
        disk.fail()
        bob.send("PM", message="unlucky", id="unlucky")
        bob.send("PM", message="too late", id="too late")
        assert not [frame for frame in rest(bob) if frame["type"] == "confirmation"]
        assert server.stop() == 3

    assert capfd.readouterr().err == (
        f"chatroom: Writing to {data} failed: disk I/O error. "
        "Nothing was confirmed that is not stored.\n"
    )
    outcomes = [call.done for call in disk.calls()]
    assert sum(outcomes) > 20, "the disk was not looked at"
    assert outcomes.index(False) == len(outcomes) - 1, disk.calls()[outcomes.index(False) :]
    assert data.with_name("room.db-wal").exists()

    with Server(data) as server, client_of(server) as bob:
        for number in range(20):
            again = say(bob, f"message {number}")
            assert (again["seq"], again["duplicate"]) == (number + 1, True)
        assert say(bob, "unlucky")["seq"] == 21
        assert say(bob, "too late")["seq"] == 22


def test_a_sync_that_fails_while_the_server_stops_counts_too(
    data: Path, disk: FailingDisk, capfd: pytest.CaptureFixture[str]
) -> None:
    """What is said together with the signal cannot be stored, whichever is noticed first."""
    with Server(data, env=disk.environment) as server, client_of(server) as bob:
        disk.fail()
        os.kill(server.pid, signal.SIGSTOP)
        bob.send("PM", message="unlucky")
        os.kill(server.pid, signal.SIGTERM)
        os.kill(server.pid, signal.SIGCONT)
        assert not [frame for frame in rest(bob) if frame["type"] == "confirmation"]
        assert server.stop() == 3
    outcomes = [call.done for call in disk.calls()]
    assert outcomes.index(False) == len(outcomes) - 1
    assert "Traceback" not in capfd.readouterr().err
