"""Coming back over real sockets: what was missed, in order, once, and without a seam."""

import threading
from pathlib import Path
from typing import Any

import pytest

from chatroom.server.control import ask
from tests.conversation import Client, Frame, Running, running

Place = dict[str, Any]


@pytest.fixture
def server(either: Running) -> Running:
    """A server in this process, whose clients speak one of its faces."""
    return either


class Reader:
    """Somebody who listens on one connection after the other, as the protocol says.

    Args:
        server: where.
        username: who.
    """

    def __init__(self, server: Running, username: str) -> None:
        self._server = server
        self.client = server.connect()
        welcome = self.client.login(username)
        self.session = str(welcome["session"])
        self.places = {log: start_of(welcome, log) for log in ("room", "inbox")}
        self.heard: dict[str, list[Frame]] = {"room": [], "inbox": []}
        """What was said, by log, in the order in which it came."""

    def take(self, frame: Frame) -> None:
        """Take note of an entry, which must be the next one of its log."""
        log = "room" if frame["type"] == "broadcast" else "inbox"
        place = self.places[log]
        assert (frame["epoch"], frame["prev"]) == (place["epoch"], place["after"]), frame
        place["after"] = frame["seq"]
        self.heard[log].append(frame)

    def listen(self, count: int) -> None:
        """Take that many entries."""
        for frame in self.client.take(count):
            self.take(frame)

    def cut(self) -> None:
        """Lose the connection."""
        self.client.reset()

    def come_back(self) -> Frame:
        """Resume on a new connection, and return the answer."""
        self.client = self._server.connect()
        return self.client.ask("resume", session=self.session, logs=self.places)


def start_of(welcome: Frame, log: str) -> Place:
    standing = welcome["logs"][log]
    return {"epoch": standing["epoch"], "after": standing["from"] - 1}


def test_what_was_missed_comes_in_order_and_then_what_comes_live(server: Running) -> None:
    bob, alice = Reader(server, "bob"), server.enter("alice")
    alice.say("one")
    bob.listen(1)
    bob.cut()
    alice.wait_roster("alice")
    for text in ("two", "three"):
        alice.say(text)
    resumed = bob.come_back()
    assert resumed["type"] == "resumed"
    assert (resumed["username"], resumed["users"]) == ("bob", ["alice", "bob"])
    room = resumed["logs"]["room"]
    assert (room["recovered"], room["from"], room["head"]) == (True, 2, 3)
    alice.say("four")
    bob.listen(3)
    assert [(e["message"], e.get("replay")) for e in bob.heard["room"]] == [
        ("one", None),
        ("two", True),
        ("three", True),
        ("four", None),
    ]


def test_direct_messages_that_were_missed_come_too(server: Running) -> None:
    """They were sent to another connection of the same account."""
    bob, alice = Reader(server, "bob"), server.enter("alice")
    other = server.enter("bob")
    bob.cut()
    alice.ask("DM", to="bob", message="psst")
    alice.say("hello")
    assert bob.come_back()["logs"]["inbox"]["recovered"] is True
    bob.listen(2)
    (private,) = bob.heard["inbox"]
    assert (private["from"], private["to"], private["message"]) == ("alice", "bob", "psst")
    assert private["replay"] is True
    alice.ask("DM", to="bob", message="again")
    bob.listen(1)
    assert "replay" not in bob.heard["inbox"][-1]
    assert [frame["message"] for frame in other.take(3)] == ["psst", "hello", "again"]


def test_ones_own_words_come_in_a_replay_and_not_live(server: Running) -> None:
    bob = Reader(server, "bob")
    first = bob.client.say("mine", id="1")
    bob.cut()
    assert bob.come_back()["logs"]["room"]["from"] == 1
    bob.listen(1)
    assert (bob.heard["room"][0]["from"], bob.heard["room"][0]["seq"]) == ("bob", first["seq"])
    again = bob.client.say("mine", id="1")
    assert (again["duplicate"], again["seq"]) == (True, first["seq"])
    assert bob.client.heard() == []


class Talk:
    """Somebody who talks all the while, to everyone and to bob, in a thread of its own."""

    def __init__(self, server: Running) -> None:
        self._client = server.enter("alice")
        self._enough = threading.Event()
        self.said: dict[str, int] = {"room": 0, "inbox": 0}
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while not self._enough.is_set():
            confirmed = 0
            for _ in range(20):
                self._client.send("PM", message=f"{self.said['room']}")
                self.said["room"] += 1
            self._client.send("DM", to="bob", message=f"{self.said['inbox']}")
            self.said["inbox"] += 1
            while confirmed < 21:
                confirmed += self._client.news()["type"] == "confirmation"

    def end(self) -> None:
        """Let it come to an end."""
        self._enough.set()
        self._thread.join()


def test_there_is_no_seam_between_what_was_missed_and_what_comes_live(server: Running) -> None:
    """However often one comes back in the middle of a talk."""
    bob = Reader(server, "bob")
    server.enter("bob")  # so that bob is always in the room
    talk = Talk(server)
    for count in (1, 50, 3, 400, 7, 150, 1000):
        bob.listen(count)
        bob.cut()
        resumed = bob.come_back()
        assert resumed["logs"]["room"]["recovered"] is True
        assert resumed["logs"]["inbox"]["recovered"] is True
    talk.end()
    bob.client.send("ping", id="end")
    while (frame := bob.client.news())["type"] != "pong":
        bob.take(frame)
    while len(bob.heard["inbox"]) < talk.said["inbox"]:
        bob.listen(1)
    for log, said in talk.said.items():
        assert [frame["message"] for frame in bob.heard[log]] == [f"{n}" for n in range(said)]


def test_many_who_come_back_at_once_get_everything(server: Running) -> None:
    readers = [Reader(server, f"user{n}") for n in range(30)]
    alice = server.enter("alice")
    for reader in readers:
        reader.cut()
    for n in range(500):
        alice.send("PM", message=f"{n}")
    while alice.news().get("seq") != 500:
        pass
    for reader in readers:
        reader.come_back()
    for reader in readers:
        reader.listen(500)
        assert [frame["message"] for frame in reader.heard["room"]] == [f"{n}" for n in range(500)]


def test_a_login_can_say_where_it_stands_too(server: Running) -> None:
    bob, alice = Reader(server, "bob"), server.enter("alice")
    bob.cut()
    alice.say("missed")
    bob.client = server.connect()
    welcome = bob.client.ask("login", username="bob", password="secret", logs=bob.places)
    assert welcome["type"] == "welcome"
    assert welcome["logs"]["room"]["recovered"] is True
    bob.listen(1)


def test_a_login_can_ask_for_the_newest_entries(server: Running) -> None:
    alice, bob = server.enter("alice"), server.enter("bob")
    for n in range(5):
        alice.say(f"{n}")
        alice.ask("DM", to="bob", message=f"to bob {n}")
    client = server.connect()
    welcome = client.ask("login", username="bob", password="secret", history=2)
    assert {log: start_of(welcome, log)["after"] for log in ("room", "inbox")} == {
        "room": 3,
        "inbox": 3,
    }
    assert "recovered" not in welcome["logs"]["room"]
    texts = [(frame["message"], frame["replay"]) for frame in client.take(4)]
    assert texts == [("3", True), ("4", True), ("to bob 3", True), ("to bob 4", True)]
    alice.say("live")
    assert "replay" not in client.news("broadcast")
    bob.close()


def test_a_log_that_is_not_named_begins_at_its_head(server: Running) -> None:
    bob, alice = Reader(server, "bob"), server.enter("alice")
    bob.cut()
    alice.say("missed")
    del bob.places["room"]
    room = bob.come_back()["logs"]["room"]
    assert (room["head"], room["from"], room.get("recovered")) == (1, 2, None)
    assert bob.client.heard() == []


@pytest.mark.parametrize("session", ["", "x", "é\0", "x" * 3_000])
def test_a_session_that_is_none_is_refused_and_one_can_log_in_then(
    server: Running, session: str
) -> None:
    client = server.connect()
    error = client.refused("invalid_session", "resume", session=session, id="r")
    assert (error["command"], error["id"], error["field"]) == ("resume", "r", "session")
    client.login("bob")


def test_whoever_is_in_cannot_come_back(server: Running) -> None:
    bob = Reader(server, "bob")
    bob.client.refused("already_logged_in", "resume", session=bob.session)


def test_a_session_ends_with_an_exit_and_not_with_a_lost_connection(server: Running) -> None:
    bob = Reader(server, "bob")
    bob.cut()
    assert bob.come_back()["type"] == "resumed"
    bob.cut()
    assert bob.come_back()["type"] == "resumed"
    assert bob.client.ask("EX")["type"] == "bye"
    assert bob.come_back()["code"] == "invalid_session"


def test_each_login_has_a_session_of_its_own(server: Running) -> None:
    one, two = Reader(server, "bob"), Reader(server, "bob")
    assert one.session != two.session
    assert one.client.ask("EX")["type"] == "bye"
    two.cut()
    assert two.come_back()["type"] == "resumed"


def test_a_session_and_a_place_outlive_the_server(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        bob, alice = Reader(server, "bob"), server.enter("alice")
        alice.say("before")
        bob.listen(1)
        alice.say("missed")
    with running(tmp_path) as server:
        bob._server = server
        assert bob.come_back()["logs"]["room"]["recovered"] is True
        server.enter("alice").say("after")
        bob.listen(2)
    assert [frame["message"] for frame in bob.heard["room"]] == ["before", "missed", "after"]


def test_a_new_password_ends_the_sessions(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        bob = Reader(server, "bob")
        request: dict[str, object] = {
            "command": "users_passwd",
            "username": "bob",
            "password": "another",
        }
        assert server.app.data
        assert ask(server.app.data, request)
        bob.cut()
        assert bob.come_back()["code"] == "invalid_session"


def test_a_log_that_was_made_anew_is_told_and_sent_from_its_beginning() -> None:
    """As when a server that keeps nothing starts again."""
    with running() as server:
        bob = Reader(server, "bob")
        server.enter("alice").say("forgotten")
        bob.listen(1)
        old = bob.places
    with running() as server:
        server.enter("alice").say("the first of a new world")
        client = server.connect()
        welcome = client.ask("login", username="bob", password="secret", logs=old)
        assert welcome["logs"]["room"]["recovered"] is False
        gaps = [client.news("gap") for _ in range(2)]
        assert gaps == [
            {"type": "gap", "log": "room", "from": 1, "to": 1, "reason": "epoch"},
            {"type": "gap", "log": "inbox", "from": 1, "to": 0, "reason": "epoch"},
        ]
        first = client.news("broadcast")
        assert (first["seq"], first["replay"]) == (1, True)
        assert first["epoch"] == welcome["logs"]["room"]["epoch"] != old["room"]["epoch"]


def test_a_place_ahead_of_the_log_is_told(server: Running) -> None:
    bob = Reader(server, "bob")
    bob.places["room"]["after"] = 7
    bob.cut()
    assert bob.come_back()["logs"]["room"]["recovered"] is False
    assert bob.client.news() == {
        "type": "gap",
        "log": "room",
        "from": 1,
        "to": 7,
        "reason": "ahead",
    }
    server.enter("alice").say("hello")
    assert bob.client.news("broadcast")["seq"] == 1


def test_replies_stand_behind_what_was_missed(server: Running) -> None:
    """One order of everything: what was asked on the new connection is answered in its place."""
    bob, alice = Reader(server, "bob"), server.enter("alice")
    bob.cut()
    for n in range(300):
        alice.send("PM", message=f"{n}")
    while alice.news().get("seq") != 300:
        pass
    client = Client(server.address)
    client.send("ping", id="before")
    client.send("resume", session=bob.session, logs=bob.places)
    client.send("ping", id="behind")
    assert client.news() == {"type": "pong", "id": "before"}
    assert client.news()["type"] == "resumed"
    assert [frame["seq"] for frame in client.take(300)] == list(range(1, 301))
    assert client.news() == {"type": "pong", "id": "behind"}
    client.close()
