"""The library and the real server; all else here speaks with a scripted one."""

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from itertools import islice, pairwise
from pathlib import Path
from queue import Empty, Queue
from typing import Any

import pytest

from chatroom.client.connect import account_exists, connect
from chatroom.client.errors import LoginRefused, NotInRoom, PasswordRequired, Refused
from chatroom.client.events import Event, Gap, LineBack, LineLost, Message, UsersChanged
from tests.client.peer import Events
from tests.serving import DEADLINE, Server

_SOON: dict[str, Any] = {"longest_pause": 0.2, "timeout": DEADLINE}
"""For a client that comes back soon, however slowly the server starts."""


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
    with connect(server.address, username="bob", password="pw", on_event=events, **_SOON) as bob:
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
    with connect(server.address, username="bob", password="pw", on_event=events, **_SOON) as bob:
        first = bob.send("before")
        server.restart()
        assert events.wait_for(LineLost).reason == "The server is shutting down."
        second = bob.send("after", timeout=DEADLINE)
        assert (second.seq, second.epoch) == (first.seq + 1, first.epoch)


class Reporter:
    """An `on_event` that keeps the messages, and lets a test wait for what happens."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.gaps: list[Gap] = []
        self._texts: Queue[str] = Queue()

    def __call__(self, event: Event) -> None:
        """Takes an event."""
        if isinstance(event, Message):
            self.messages.append(event)
            self._texts.put(event.text)
        elif isinstance(event, Gap):
            self.gaps.append(event)
        elif isinstance(event, UsersChanged):
            for name in event.came:
                self._texts.put(f"{name} came")
            for name in event.left:
                self._texts.put(f"{name} left")

    def wait_for(self, text: str) -> None:
        """Waits for a message that says this, or for somebody who "came" or "left"."""
        while self._texts.get(timeout=DEADLINE) != text:
            pass

    def places(self, *, private: bool = False) -> list[int]:
        """Returns the places of the messages that came, as they came."""
        return [message.seq for message in self.messages if message.private == private]


def test_a_listener_misses_nothing_of_what_a_killed_server_has_stored(server: Server) -> None:
    """Public and direct messages, over three crashes of the server under load."""
    reporter = Reporter()
    with (
        connect(server.address, username="bob", password="pw", on_event=reporter, **_SOON),
        connect(server.address, username="alice", password="pw", **_SOON) as alice,
    ):
        futures = []
        for crash in range(3):
            for number in range(200):
                futures.append(alice.submit(f"{crash} {number}"))
                futures.append(alice.submit(f"psst {crash} {number}", to="bob"))
            futures[-300].result(DEADLINE)
            server.kill()
            server.start()
        for future in futures:
            with contextlib.suppress(NotInRoom):  # bob may come back after alice
                future.result(DEADLINE)
        alice.send("the end", timeout=DEADLINE)
        reporter.wait_for("the end")
    assert reporter.places() == list(range(1, 602))
    told = reporter.places(private=True)
    confirmed = [
        future.result().seq for future in futures if not future.exception() and future.result().to
    ]
    assert told == sorted(confirmed)
    assert reporter.gaps == []


def test_a_program_starts_again_where_it_was(server: Server, tmp_path: Path) -> None:
    """By its session while that is good, and by the password after a `close()`."""
    state = tmp_path / "bot.state"
    with connect(server.address, username="alice", password="pw") as alice:
        with connect(server.address, username="bob", password="pw", state=state) as bob:
            alice.send("one")
            alice.send("two")
            bob.commit(bob.next_message())
        alice.send("three")
        with pytest.raises(PasswordRequired):
            connect(server.address, username="bob", state=state)
        with connect(server.address, username="bob", password="pw", state=state) as bob:
            assert bob.behind == 2
            assert [message.text for message in islice(bob, 2)] == ["two", "three"]


_BOT = """
import sys
import chatroom

address, state, password = sys.argv[1:]
with chatroom.connect(address, username="bot", password=password or None, state=state) as room:
    for message in room:
        print(message.text, flush=True)
"""


def test_a_program_that_is_killed_goes_on_by_its_session(server: Server, tmp_path: Path) -> None:
    """It gets again what it was at, and nothing else twice."""
    reporter = Reporter()
    heard: list[list[str]] = []
    with connect(server.address, username="alice", password="pw", on_event=reporter) as alice:
        for life, password in enumerate(("pw", "", "")):
            words = [sys.executable, "-c", _BOT, server.address, str(tmp_path / "bot"), password]
            with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as bot:
                reporter.wait_for("bot came")
                for number in range(20):
                    alice.send(str(life * 20 + number))
                assert bot.stdout is not None
                heard.append([bot.stdout.readline().rstrip() for _ in range(10)])
                bot.kill()
                heard[-1] += bot.stdout.read().splitlines()
            reporter.wait_for("bot left")
    for before, after in pairwise(heard):
        assert after[0] in {before[-1], str(int(before[-1]) + 1)}
    assert heard[0][0] == "0"
    for texts in heard:
        assert texts == [str(number) for number in range(int(texts[0]), int(texts[-1]) + 1)]


def test_a_server_that_was_emptied_is_a_new_incarnation() -> None:
    """It keeps its data in memory, so a restart forgets everything."""
    reporter = Reporter()
    with Server() as server:
        room = connect(server.address, username="bob", password="pw", on_event=reporter, **_SOON)
        with room, connect(server.address, username="alice", password="pw", **_SOON) as alice:
            alice.send("one")
            alice.send("two")
            reporter.wait_for("two")
            server.restart()
            alice.send("anew", timeout=DEADLINE)
            reporter.wait_for("anew")
    assert reporter.places() == [1, 2, 1]
    assert reporter.gaps == [Gap("room", 1, 2, 2, "epoch"), Gap("inbox", 1, 0, 0, "epoch")]


def test_both_sides_ask_for_signs_of_life_and_stay(tmp_path: Path) -> None:
    """For much longer than either may be silent."""
    events: Queue[Event] = Queue()
    quick = {"CHATROOM_LIMITS_PING_SECONDS": "0.1", "CHATROOM_LIMITS_ANSWER_SECONDS": "0.3"}
    with (
        Server(tmp_path / "room.db", env=quick) as server,
        connect(server.address, username="bob", password="pw", on_event=events.put) as bob,
    ):
        with pytest.raises(Empty):
            events.get(timeout=1.5)
        assert bob.ping() > 0


def test_a_reader_who_sleeps_gets_everything_in_the_end(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three times as much as the inbox holds, while the reader waits for it to be left alone."""
    monkeypatch.setattr("chatroom.client.room.INBOX_MESSAGES", 1000)
    monkeypatch.setattr("chatroom.client.inbox.PATIENCE_SECONDS", 0.05)
    with (
        connect(server.address, username="bob", password="pw") as bob,
        connect(server.address, username="alice", password="pw") as alice,
    ):
        for future in [alice.submit(str(number)) for number in range(3000)]:
            future.result(DEADLINE)
        own = bob.send("still here", timeout=DEADLINE)
        assert own.seq == 3001
        alice.send("the end")
        heard = [message.seq for message in islice(bob, 3001)]
    assert heard == [*range(1, 3001), 3002]
