"""Those who say nothing, and those who take nothing, over real sockets."""

import contextlib
import threading
from collections.abc import Sequence
from typing import Any

import pytest

from chatroom.log.base import Change, Outcome
from chatroom.log.memory import MemoryStore
from tests.conversation import DEADLINE, Client, Frame, running

QUICK: dict[str, Any] = {"ping_seconds": 0.05, "answer_seconds": 5.0}
"""Those who are silent are asked at once, and have all the time to answer."""

IMPATIENT: dict[str, Any] = {"ping_seconds": 0.05, "answer_seconds": 0.1}


def await_kind(client: Client, kind: str) -> Frame:
    """Read on until there is a frame of this kind, and return it."""
    while (frame := client.read())["type"] != kind:
        pass
    return frame


def test_the_silent_are_asked_with_the_heads_of_their_logs() -> None:
    with running(**QUICK) as server:
        bob, alice = server.enter("bob"), server.enter("alice")
        said = alice.say("hello")
        private = alice.ask("DM", to="bob", message="psst")
        while (ping := await_kind(bob, "ping"))["logs"]["inbox"]["head"] == 0:
            bob.send("pong")
        assert ping["logs"] == {
            "room": {"epoch": said["epoch"], "head": 1},
            "inbox": {"epoch": private["epoch"], "head": 1},
        }


def test_whoever_answers_stays_and_is_asked_again() -> None:
    with running(**QUICK) as server:
        bob = server.enter("bob")
        for _ in range(5):
            await_kind(bob, "ping")
            bob.send("pong")
        assert bob.ask("WHO") == {"type": "active_users", "users": ["bob"]}


def test_whoever_does_not_answer_is_closed_and_leaves_the_list() -> None:
    with running(ping_seconds=0.5, answer_seconds=0.5) as server:
        bob, alice = server.enter("bob"), server.enter("alice")
        while (frame := alice.read())["type"] != "update_users":
            if frame["type"] == "ping":
                alice.send("pong")
        assert frame["users"] == ["alice"]
        assert bob.remainder()[-1] == {
            "type": "bye",
            "reason": "silent",
            "reconnect": True,
            "after_ms": 0,
        }


def test_whoever_only_listens_is_asked_too() -> None:
    """What a connection is sent is no sign of life of the other side."""
    with running(**IMPATIENT) as server:
        bob, alice = server.enter("bob"), server.enter("alice")
        gone = threading.Event()

        def talk() -> None:
            while not gone.is_set():
                alice.send("PM", message="hello")
                while alice.read()["type"] != "confirmation":
                    pass

        talker = threading.Thread(target=talk)
        talker.start()
        last = bob.remainder()[-1]
        gone.set()
        talker.join()
        assert (last["type"], last["reason"]) == ("bye", "silent")


def test_before_the_login_nobody_is_asked() -> None:
    """The time to log in is what counts there."""
    with running(login_seconds=0.5, **IMPATIENT) as server:
        types = [frame["type"] for frame in server.connect().remainder()]
        assert types == ["error", "bye"]


def test_nobody_is_closed_for_a_question_that_the_server_could_not_send(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Questions have their place in the order of everything, and wait for a slow disk too."""
    commit, released = MemoryStore.commit, threading.Event()

    def wait_and_commit(store: MemoryStore, changes: Sequence[Change]) -> list[Outcome]:
        assert released.wait(DEADLINE)
        return commit(store, changes)

    with running(ping_seconds=0.05, answer_seconds=0.5) as server:
        bob, alice = server.enter("bob"), server.enter("alice")
        monkeypatch.setattr(MemoryStore, "commit", wait_and_commit)
        alice.send("PM", message="slow")
        threading.Event().wait(1.2)  # that time passes is what this is about
        released.set()
        for _ in range(3):
            await_kind(bob, "ping")
            bob.send("pong")
        bob.send("WHO")
        assert "bob" in await_kind(bob, "active_users")["users"]


class Flood:
    """Somebody who says long things until somebody else has left the room, in a thread."""

    def __init__(self, talker: Client, users: list[str]) -> None:
        self._talker = talker
        self._users = users
        self._enough = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        users = self._users
        while users == self._users and not self._enough.is_set():
            for _ in range(50):
                self._talker.send("PM", message="x" * 8000)
            self._talker.send("WHO")
            users = await_kind(self._talker, "active_users")["users"]

    def await_end(self) -> None:
        """Wait until somebody has left."""
        self._thread.join()

    def end(self) -> None:
        """Say no more."""
        self._enough.set()
        self._thread.join()


def test_a_socket_that_takes_nothing_is_closed_and_leaves_the_list() -> None:
    """What it gets when it reads again ends with the reason; what it missed is in the log."""
    with running(stall_seconds=0.3) as server:
        bob, alice = server.enter("bob", receive_bytes=4096), server.enter("alice")
        place = {"epoch": alice.say("first")["epoch"], "after": 0}
        Flood(alice, ["alice", "bob"]).await_end()
        with contextlib.suppress(ConnectionResetError):  # after the time to linger
            *heard, bye = bob.remainder()
            assert (bye["type"], bye["reason"]) == ("bye", "slow_consumer")
            assert bye["reconnect"] is True
            entries = [frame["seq"] for frame in heard if frame["type"] == "broadcast"]
            assert entries == list(range(1, len(entries) + 1))
            place["after"] = len(entries)
        head = alice.say("last")["seq"]
        again = server.connect()
        again.send("login", username="bob", password="secret", logs={"room": place})
        seqs: list[int] = []
        while not seqs or seqs[-1] != head:
            frame = again.news()
            if frame["type"] == "broadcast":
                seqs.append(frame["seq"])
        assert seqs == list(range(place["after"] + 1, head + 1))


def test_a_socket_that_takes_a_little_now_and_then_stays_and_gets_everything() -> None:
    """However seldom there is room for more."""
    with running(stall_seconds=0.5) as server:
        bob, alice = server.enter("bob", receive_bytes=4096), server.enter("alice")
        flood = Flood(alice, ["alice", "bob"])
        taken, pause = 0, threading.Event()
        for _ in range(20):
            pause.wait(0.1)  # a slow line is what this is about
            taken += len(bob.sock.recv(2000))
        flood.end()
        assert taken
        assert alice.ask("WHO")["users"] == ["alice", "bob"]
