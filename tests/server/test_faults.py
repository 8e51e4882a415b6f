"""What the clients see of faults inside the server, and that these stay inside."""

import contextlib
import threading
from collections.abc import Sequence
from typing import NoReturn

import pytest

from chatroom.auth.passwords import Passwords
from chatroom.log.base import Change, Outcome, StorageFull, StoreError
from chatroom.log.memory import MemoryStore
from chatroom.room.room import Room
from chatroom.server import delivery
from chatroom.server.readers import Readers
from tests.conversation import DEADLINE, running


class FaultyStore:
    """Makes the store refuse all messages while there is a fault.

    Args:
        monkeypatch: to get between.
        fault: what it raises at first.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, fault: StoreError) -> None:
        self.fault: StoreError | None = fault
        """What every commit raises now."""
        real = MemoryStore.commit

        def commit(store: MemoryStore, changes: Sequence[Change]) -> list[Outcome]:
            if self.fault is not None:
                raise self.fault
            return real(store, changes)

        monkeypatch.setattr(MemoryStore, "commit", commit)


def test_a_fault_in_a_command(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client is told that it is not its fault, and the connection stays open."""
    with running(faulty=True) as server:
        bob = server.enter("bob")
        with monkeypatch.context() as patch:
            patch.setattr(Room, "names", lambda _: 1 / 0)
            error = bob.refused("internal", "WHO", id="1")
        assert (error["command"], error["id"]) == ("WHO", "1")
        assert bob.ask("WHO")["users"] == ["bob"]


def test_a_full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is confirmed or seen while the disk is full; later the same is sent as new."""
    with running(faulty=True) as server:
        bob, alice = server.enter("bob"), server.enter("alice")
        store = FaultyStore(monkeypatch, StorageFull("The disk is full."))
        error = bob.refused("storage_full", "PM", message="hello", id="1")
        assert (error["command"], error["id"]) == ("PM", "1")
        error = bob.refused("storage_full", "DM", to="alice", message="hello", id="2")
        assert error["command"] == "DM"
        server.connect().refused("storage_full", "login", username="carol", password="secret")
        assert bob.ask("WHO")["users"] == ["alice", "bob"]
        assert alice.heard() == []
        store.fault = None
        assert bob.say("hello", id="1")["duplicate"] is False
        assert alice.news("broadcast")["seq"] == 1


def test_a_broken_store(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is confirmed any more, whoever runs the server learns why, and it can be stopped."""
    with running(faulty=True) as server:
        bob, alice = server.enter("bob"), server.enter("alice")
        fault = StoreError("The disk is gone.")
        FaultyStore(monkeypatch, fault)
        bob.send("PM", message="hello")
        assert server.failures.get(timeout=DEADLINE) is fault
        assert server.stop() < 2
        for client in (bob, alice):
            assert {frame["type"] for frame in client.remainder()} <= {"update_users", "bye"}


def test_stopping_while_a_password_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is just logging in is told `bye` like everybody, and is not let in any more."""
    checking, released = threading.Event(), threading.Event()

    def verify(*_: object) -> bool:
        checking.set()
        return released.wait(DEADLINE)

    with running() as server:
        server.enter("bob")
        monkeypatch.setattr(Passwords, "verify", verify)
        client = server.connect()
        client.send("login", username="bob", password="secret")
        assert checking.wait(DEADLINE)
        stopping = threading.Thread(target=server.stop)
        stopping.start()
        farewell = client.news("bye")
        assert farewell["reason"] == "shutting_down"
        released.set()
        assert "welcome" not in {frame["type"] for frame in client.remainder()}
        stopping.join(DEADLINE)
        assert not [thread for thread in threading.enumerate() if "client" in thread.name]


def test_ids_of_what_was_refused_are_free(monkeypatch: pytest.MonkeyPatch) -> None:
    """An id whose message never came into the log may be given to another text."""
    with running(faulty=True) as server:
        bob = server.enter("bob")
        store = FaultyStore(monkeypatch, StorageFull("The disk is full."))
        bob.refused("storage_full", "PM", message="hello", id="1")
        store.fault = None
        assert bob.say("something else", id="1")["duplicate"] is False


def test_a_fault_in_the_delivery_under_load(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for ever for the thread that is no more, and the server can be stopped."""
    died = threading.Event()
    monkeypatch.setattr(threading, "excepthook", lambda _: died.set())
    monkeypatch.setattr(delivery, "QUEUE", 1)
    with running(faulty=True) as server:
        bob = server.enter("bob")
        monkeypatch.setattr(Readers, "send", lambda *_: 1 / 0)
        with contextlib.suppress(OSError):  # it ends in the middle of this
            for number in range(100):
                bob.send("PM", message=str(number))
        assert died.wait(DEADLINE)
        assert "can no longer be sent" in str(server.failures.get(timeout=DEADLINE))


def unreadable(*_: object) -> NoReturn:
    """Stands for something of a store that cannot be read."""
    raise StoreError("It cannot be read.")


def test_sessions_that_cannot_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever comes back is told to try later, and may log in with the password."""
    with running(faulty=True) as server:
        session = server.connect().login("bob")["session"]
        client = server.connect()
        with monkeypatch.context() as patch:
            patch.setattr(server.app._sessions, "_find", unreadable)
            error = client.refused("unavailable", "resume", session=session, id="r")
        assert (error["command"], error["id"]) == ("resume", "r")
        assert client.ask("resume", session=session)["type"] == "resumed"


def test_pages_that_cannot_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever scrolls back is told to try later, and that is all that happens."""
    with running(faulty=True) as server:
        bob = server.enter("bob")
        bob.say("hello")
        with monkeypatch.context() as patch:
            patch.setattr(MemoryStore, "read", unreadable)
            error = bob.refused("unavailable", "history", log="room", id="h")
        assert (error["command"], error["id"]) == ("history", "h")
        assert bob.ask("history", log="room")["from"] == 1


def test_logs_that_cannot_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever comes back to them is given up and no longer here; nobody else notices."""
    with running(faulty=True) as server:
        alice, client = server.enter("alice"), server.connect()
        places = {"room": {"epoch": "another", "after": 1}}
        with monkeypatch.context() as patch:
            patch.setattr(MemoryStore, "shared", unreadable)
            client.send("login", username="bob", password="secret", logs=places)
            with contextlib.suppress(ConnectionResetError):
                assert "welcome" not in {frame["type"] for frame in client.remainder()}
        while alice.ask("WHO")["users"] != ["alice"]:
            pass
        alice.say("hello")
