"""A network that is cut for longer than the heartbeat, without a word to anybody, and healed."""

import json
import os
import selectors
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.needs import missing
from tests.network.networks import Namespaces, Network, Relay
from tests.serving import Server, environment

DEADLINE = 40.0
"""Seconds that anything may take; a connection that is being made tries again after 1, 3 and 7."""

SETTINGS = {
    "CHATROOM_LIMITS_PING_SECONDS": "0.5",
    "CHATROOM_LIMITS_ANSWER_SECONDS": "1",
    "CHATROOM_SERVER_TLS": "required",
}

Event = dict[str, Any]


class Talker:
    """Somebody in the room, somewhere.

    Args:
        place: what runs a command there.
        address: how to reach the server from there.
        username: who.
        fingerprint: which certificate the server has to show.
    """

    def __init__(self, place: Sequence[str], address: str, username: str, fingerprint: str) -> None:
        words = ["-m", "tests.network.talker", address, username, fingerprint]
        self._process = subprocess.Popen(
            [*place, sys.executable, *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment(),
        )
        self.events: list[Event] = []
        """What has happened, as far as anybody looked."""
        self._rest = b""

    def say(self, *texts: str) -> None:
        """Say something, some time."""
        assert self._process.stdin
        self._process.stdin.write("".join(f"{text}\n" for text in texts).encode())
        self._process.stdin.flush()

    def wait(self, what: str, **fields: object) -> Event:
        """Read on until something happens, and return it."""

        def wanted(event: Event) -> bool:
            return event["what"] == what and event.items() >= fields.items()

        looked = 0
        deadline = time.monotonic() + DEADLINE
        while True:
            for event in self.events[looked:]:
                looked += 1
                if wanted(event):
                    return event
            self._read(deadline)

    def _read(self, deadline: float) -> None:
        assert self._process.stdout
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            ready = selector.select(max(0.0, deadline - time.monotonic()))
        data = os.read(self._process.stdout.fileno(), 65536) if ready else b""
        assert data, f"nothing more happened: {self.events[-5:]}"
        *lines, self._rest = (self._rest + data).split(b"\n")
        self.events += map(json.loads, lines)

    def heard(self) -> list[str]:
        """Return what was heard so far, in order."""
        return [event["text"] for event in self.events if event["what"] == "Message"]

    def leave(self) -> int:
        """Leave, and return the exit status."""
        self._process.communicate(timeout=DEADLINE)
        return self._process.returncode

    def kill(self) -> None:
        """End it in any case."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                pipe.close()


def make(kind: Callable[[], Namespaces | Relay]) -> Namespaces | Relay:
    """Return a network, if it can be had; CI has to be able to."""
    if kind is Namespaces and os.geteuid() != 0:
        missing("network namespaces take root")
    return kind()


@pytest.fixture(params=[Namespaces, Relay], ids=["namespaces", "relay"])
def network(request: pytest.FixtureRequest) -> Iterator[Network]:
    with make(request.param) as network:
        yield network


def test_nothing_is_lost_when_the_network_is_cut_and_healed(
    network: Network, tmp_path: Path
) -> None:
    """Both ends notice by their heartbeats; both say things meanwhile; all arrives once."""
    with ExitStack() as stack:
        server = Server(tmp_path, "--host", network.host, env=SETTINGS, prefix=network.here)
        stack.enter_context(server)
        alice = Talker(network.here, f"{network.host}:{server.port}", "alice", server.fingerprint)
        stack.callback(alice.kill)
        alice.wait("entered")
        bob = Talker(network.there, network.reach(server.port), "bob", server.fingerprint)
        stack.callback(bob.kill)
        alice.wait("UsersChanged", came=["bob"])
        bob.wait("entered")
        alice.say("before")
        bob.wait("Message", text="before")

        network.cut()
        alice.say("one", "two")
        bob.say("first", "second")
        alice.wait("confirmed", text="two")
        alice.wait("UsersChanged", left=["bob"])
        bob.wait("LineLost")
        alice.say("three")
        bob.say("third")
        alice.wait("confirmed", text="three")
        assert bob.heard() == ["before"]
        assert alice.heard() == []

        network.heal()
        bob.wait("LineBack", missed=3)
        bob.wait("confirmed", text="third")
        alice.wait("Message", text="third")
        alice.say("behind")
        bob.wait("Message", text="behind")
        assert bob.heard() == ["before", "one", "two", "three", "behind"]
        assert alice.heard() == ["first", "second", "third"]
        assert [alice.leave(), bob.leave()] == [0, 0]
