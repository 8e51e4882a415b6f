"""The plain loop speaks as much of the protocol as it is compared in."""

import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from benchmarks.servers.own import PythonLoop
from benchmarks.servers.running import Running, running

DEADLINE = 20.0


class Client:
    """One who is logged in."""

    def __init__(self, server: Running, name: str) -> None:
        self.sock = socket.create_connection(("127.0.0.1", server.port), timeout=DEADLINE)
        self._lines = self.sock.makefile("rb")
        self.send(command="login", username=name, password="secret")
        assert self.receive()["type"] == "welcome"

    def send(self, **command: object) -> None:
        """Sends a command."""
        self.sock.sendall(json.dumps(command).encode() + b"\n")

    def receive(self) -> dict[str, Any]:
        """Returns the next frame."""
        frame: dict[str, Any] = json.loads(self._lines.readline())
        return frame

    def close(self) -> None:
        """Leaves."""
        self._lines.close()
        self.sock.close()


@pytest.fixture
def clients() -> Iterator[list[Client]]:
    with running(PythonLoop()) as server:
        here = [Client(server, name) for name in ("alice", "bob", "carol")]
        yield here
        for each in here:
            each.close()


def test_a_message_goes_to_the_others_and_is_confirmed(clients: list[Client]) -> None:
    alice, bob, carol = clients
    alice.send(command="PM", message="hello", id="1")
    for other in (bob, carol):
        said = other.receive()
        assert (said["type"], said["from"], said["message"]) == ("broadcast", "alice", "hello")
    confirmation = alice.receive()
    assert (confirmation["type"], confirmation["id"]) == ("confirmation", "1")


def test_a_direct_message_goes_to_one(clients: list[Client]) -> None:
    alice, bob, carol = clients
    alice.send(command="DM", to="bob", message="hello", id="1")
    assert bob.receive()["type"] == "direct_message"
    assert alice.receive()["id"] == "1"
    bob.send(command="PM", message="and now all", id="2")
    assert carol.receive()["message"] == "and now all"


def test_who_does_not_read_gets_all_in_the_end(clients: list[Client]) -> None:
    alice, bob, _ = clients
    for number in range(1000):
        alice.send(command="PM", message="x" * 2000, id=str(number))
        assert alice.receive()["id"] == str(number)
    assert [bob.receive()["seq"] for _ in range(1000)] == list(range(1, 1001))


def test_who_leaves_is_left_out(clients: list[Client]) -> None:
    alice, bob, carol = clients
    carol.close()
    alice.send(command="PM", message="hello", id="1")
    assert bob.receive()["message"] == "hello"
    assert alice.receive()["id"] == "1"
