"""The library and the real server; all else here speaks with a scripted one."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

from chatroom.client.connect import account_exists, connect
from chatroom.client.errors import LoginRefused, NotInRoom, PasswordRequired, Refused
from chatroom.client.events import LineBack, LineLost, UsersChanged
from tests.client.peer import DEADLINE, Events
from tests.serving import Server


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A server that keeps its data on disk."""
    with Server(tmp_path / "room.db") as server:
        yield server


def test_two_people_talk(server: Server) -> None:
    events = Events()
    with connect(server.address, username="alice", password="pw", on_event=events) as alice:
        assert (alice.new_user, alice.users) == (True, ("alice",))
        with connect(server.address, username="bob", password="pw") as bob:
            assert events.wait_for(UsersChanged).came == ("bob",)
            public, private = alice.send("hello"), alice.send_to("BOB", "psst")
            heard = list(islice(bob, 2))
            assert [(m.sender, m.text, m.private, m.seq) for m in heard] == [
                ("alice", "hello", False, public.seq),
                ("alice", "psst", True, private.seq),
            ]
            assert bob.who() == ("alice", "bob")
            assert bob.ping() > 0
        assert events.wait_for(UsersChanged).left == ("bob",)


def test_accounts_are_known_and_guarded(server: Server) -> None:
    assert not account_exists(server.address, "bob")
    connect(server.address, username="bob", password="pw").close()
    assert account_exists(server.address, "BOB")
    with pytest.raises(PasswordRequired, match="needs its password"):
        connect(server.address, username="bob")
    with pytest.raises(LoginRefused) as wrong:
        connect(server.address, username="bob", password="guess")
    assert wrong.value.code == "wrong_password"


def test_a_refusal_leaves_the_room_usable(server: Server) -> None:
    with connect(server.address, username="bob", password="pw") as bob:
        with pytest.raises(NotInRoom, match="zoe"):
            bob.send_to("zoe", "hello")
        with pytest.raises(Refused) as refused:
            bob.send("x" * 8193)
        assert refused.value.code == "message_too_long"
        assert bob.send("hello").seq == 1


def test_a_killed_server_that_comes_back_has_everything_once(server: Server) -> None:
    """Messages are on their way when it dies; all are confirmed in the end, in order."""
    events = Events()
    with connect(server.address, username="bob", password="pw", on_event=events) as bob:
        futures = [bob.submit(str(number)) for number in range(500)]
        futures[50].result(DEADLINE)
        server.kill()
        events.wait_for(LineLost)
        futures += [bob.submit(str(number)) for number in range(500, 600)]
        server.start()
        events.wait_for(LineBack)
        assert [future.result(DEADLINE).seq for future in futures] == list(range(1, 601))


def test_a_restart_is_announced_and_survived(server: Server) -> None:
    events = Events()
    with connect(server.address, username="bob", password="pw", on_event=events) as bob:
        first = bob.send("before")
        server.restart()
        assert events.wait_for(LineLost).reason == "The server is shutting down."
        second = bob.send("after", timeout=DEADLINE)
        assert (second.seq, second.epoch) == (first.seq + 1, first.epoch)
