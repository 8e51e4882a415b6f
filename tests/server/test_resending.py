"""Sending again what may have arrived, and logs that go on after a restart."""

from pathlib import Path

import pytest

from tests.conversation import Running, line, running


@pytest.fixture
def server(either: Running) -> Running:
    """A server in this process, whose clients speak one of its faces."""
    return either


def test_the_same_again_on_the_same_connection(server: Running) -> None:
    """It is confirmed as a duplicate with the first place, and nobody hears it twice."""
    bob, alice = server.enter("bob"), server.enter("alice")
    first = bob.say("once", id="1")
    second = bob.say("once", id="1")
    assert (first["duplicate"], second["duplicate"]) == (False, True)
    assert [second[key] for key in ("seq", "epoch", "ts")] == [
        first[key] for key in ("seq", "epoch", "ts")
    ]
    assert bob.say("twice", id="2")["seq"] == 2
    assert [frame["message"] for frame in alice.heard()] == ["once", "twice"]


def test_the_same_again_in_one_segment(server: Running) -> None:
    """Duplicates are told apart also within one commit."""
    bob, alice = server.enter("bob"), server.enter("alice")
    bob.send_bytes(line("PM", message="once", id="1") * 5 + line("PM", message="other", id="1"))
    replies = bob.take(6)
    assert [frame.get("seq") for frame in replies] == [1, 1, 1, 1, 1, None]
    assert [frame.get("duplicate") for frame in replies] == [False, *[True] * 4, None]
    assert replies[-1]["code"] == "id_reused"
    assert len(alice.heard()) == 1


def test_the_same_again_on_another_connection(server: Running) -> None:
    """A client whose line broke sends again what was not confirmed, and is told it is there."""
    alice, bob = server.enter("alice"), server.enter("bob")
    first = bob.say("once", id="1")
    bob.reset()
    bob = server.enter("bob")
    again = bob.say("once", id="1")
    assert (again["duplicate"], again["seq"]) == (True, first["seq"])
    assert len(alice.heard()) == 1


def test_a_direct_message_again_when_its_recipient_has_left(server: Running) -> None:
    """It was delivered, so nobody is told that it was not; anything new is refused."""
    alice, bob = server.enter("alice"), server.enter("bob")
    fields = {"to": "alice", "message": "once", "id": "1"}
    first = bob.ask("DM", **fields)
    alice.ask("EX")
    bob.wait_roster("bob")
    again = bob.ask("DM", **fields)
    assert (again["duplicate"], again["seq"]) == (True, first["seq"])
    bob.refused("user_not_in_room", "DM", **fields | {"id": "2"})
    bob.refused("user_not_in_room", "DM", to="alice", message="once")
    bob.refused("id_reused", "DM", **fields | {"message": "other"})


@pytest.mark.parametrize("command", ["PM", "DM"])
def test_the_same_again_after_a_restart(tmp_path: Path, command: str) -> None:
    """Ids outlive the server."""
    fields = {"message": "once", "id": "1"} | ({"to": "alice"} if command == "DM" else {})
    with running(tmp_path / "room.db") as server:
        alice, bob = server.enter("alice"), server.enter("bob")
        first = bob.ask(command, **fields)
    with running(tmp_path / "room.db") as server:
        alice, bob = server.enter("alice"), server.enter("bob")
        again = bob.ask(command, **fields)
        assert (again["duplicate"], again["seq"]) == (True, first["seq"])
        assert (again["epoch"], again["ts"]) == (first["epoch"], first["ts"])
        assert alice.heard() == []


def test_an_id_with_another_text(server: Running) -> None:
    """An id that was given to something else is refused and nothing is sent."""
    bob, alice = server.enter("bob"), server.enter("alice")
    bob.say("once", id="1")
    error = bob.refused("id_reused", "PM", message="something else", id="1")
    assert (error["command"], error["id"], error["field"]) == ("PM", "1", "id")
    bob.refused("id_reused", "DM", to="alice", message="once", id="1")
    assert len(alice.heard()) == 1


def test_ids_belong_to_their_account(server: Running) -> None:
    """Two people may use the same id."""
    bob, alice = server.enter("bob"), server.enter("alice")
    assert bob.say("from bob", id="1")["duplicate"] is False
    alice.heard()
    assert alice.say("from alice", id="1")["duplicate"] is False


def test_messages_without_an_id_are_all_different(server: Running) -> None:
    """The same text twice without an id is two messages."""
    bob, alice = server.enter("bob"), server.enter("alice")
    bob.say("again")
    bob.say("again")
    assert len(alice.heard()) == 2


def test_the_room_goes_on_after_a_restart(tmp_path: Path) -> None:
    """The next message has the next place in the same log; every link of the chain is there."""
    links: list[tuple[str, int, int]] = []
    for _ in range(3):
        with running(tmp_path / "room.db") as server:
            bob, alice = server.enter("bob"), server.enter("alice")
            for _ in range(5):
                bob.say("hello")
                frame = alice.news("broadcast")
                links.append((frame["epoch"], frame["prev"], frame["seq"]))
    epoch = links[0][0]
    assert links == [(epoch, place, place + 1) for place in range(15)]


def test_an_inbox_goes_on_after_a_restart(tmp_path: Path) -> None:
    """So does the log of the direct messages to somebody, whose epoch is not the room's."""
    links: list[tuple[str, int, int]] = []
    for _ in range(2):
        with running(tmp_path / "room.db") as server:
            bob, alice = server.enter("bob"), server.enter("alice")
            room = bob.say("hello")["epoch"]
            alice.heard()
            for _ in range(5):
                bob.ask("DM", to="alice", message="psst")
                frame = alice.news("direct_message")
                links.append((frame["epoch"], frame["prev"], frame["seq"]))
            assert links[0][0] != room
    epoch = links[0][0]
    assert links == [(epoch, place, place + 1) for place in range(10)]


def test_a_room_in_memory_has_another_epoch_each_time() -> None:
    """A log that began anew shows it."""
    epochs = set()
    for _ in range(2):
        with running(":memory:") as server:
            epochs.add(server.enter("bob").say("hello")["epoch"])
    assert len(epochs) == 2
