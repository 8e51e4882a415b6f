"""Every command in a pseudo-terminal, with a server whose every text is meant for the terminal."""

import contextlib
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from chatroom.log.base import ROOM, Account, AddAccount, Audited, Draft
from chatroom.log.rules import Act, AddBan, AddInvite
from chatroom.log.sqlite import SqliteStore
from tests.cli.command import as_user
from tests.cli.hostile import DANGER, HostileServer, hostile, see_harmless, see_words, sequences
from tests.cli.screen import TAB, Screen
from tests.client.peer import Peer
from tests.serving import PROGRAM

PROMPT = "PM, DM, WHO or EX:"
BOB = as_user("bob")


@pytest.fixture
def peer() -> Iterator[Peer]:
    """The other end."""
    with Peer() as peer:
        yield peer


@pytest.fixture(scope="module")
def own() -> set[str]:
    """The sequences with which `join` draws when nobody means harm."""
    with Peer() as peer, Screen("join", peer.address, env=BOB) as screen:
        visitor = peer.accept()
        visitor.welcome("alice" * 60, "bob")  # a name that makes a question of several rows
        screen.wait_for(PROMPT)
        for line, question in (
            ("DM", "To (number or name):"),
            ("1", "Message to"),
            ("", "Nothing"),
        ):
            screen.enter(line)
            screen.wait_for(question)
        screen.enter("WHO")
        visitor.expect("WHO")
        visitor.send({"type": "bye", "reason": "exit", "reconnect": False})
        visitor.hang_up()
        screen.wait_for_exit()
        found = sequences(screen.raw)
    assert found
    return found


@contextmanager
def visited(peer: Peer, *arguments: str, **env: str) -> Iterator[tuple[Screen, HostileServer]]:
    """A command on a terminal, and its server."""
    with Screen(*arguments, env=BOB | env) as screen:
        yield screen, HostileServer(peer.accept())


def test_joining_on_a_terminal(peer: Peer, own: set[str]) -> None:
    with visited(peer, "join", peer.address) as (screen, server):
        server.welcome(hostile("first"), hostile("second"), replayed=1)
        server.broadcast("old", replay=True)
        screen.wait_for(PROMPT)
        server.broadcast("new")
        server.direct("private", 1)
        server.say("update_users", users=[hostile("second"), hostile("third")])
        server.warn()
        screen.wait_for("warned-messagez")
        screen.type("DM " + TAB + TAB + "\r")
        screen.wait_for("To (number or name):")
        screen.enter("1")
        screen.wait_for("Message to")
        screen.enter("hello")
        server.refuse("DM")
        screen.wait_for("refused-messagez")
        screen.enter("WHO")
        server.answer_who(hostile("fourth"))
        screen.wait_for("fourthz")
        server.say("gap", log="room", from_=3, to=9, reason=hostile("why"))
        server.bye()
        assert screen.wait_for_exit() == 2
        raw = screen.raw
    see_harmless(raw, own)
    see_words(raw, "first", "old-from", "old-text", "new-from", "new-text", "private-from")
    see_words(raw, "private-to", "private-text", "third", "warned-code", "warned-message")
    see_words(raw, "refused-message", "fourth", "farewell")


def test_joining_without_a_terminal_to_ask_on(peer: Peer) -> None:
    words = " ".join((*PROGRAM, "join", peer.address))
    shell = ("/bin/sh", "-c", f"printf 'PM hello\\nWHO\\n' | {words}")
    with Screen(program=shell, env=BOB) as screen:
        server = HostileServer(peer.accept())
        server.welcome(hostile("first"))
        server.broadcast("new")
        server.refuse("PM")
        server.answer_who(hostile("fourth"))
        server.bye()
        # What was refused, or that the server went first: whichever it comes to.
        assert screen.wait_for_exit() in {1, 2}
    see_harmless(screen.raw)
    see_words(screen.raw, "first", "new-from", "new-text", "refused-message", "fourth")


@pytest.mark.parametrize("command", ["join", "send", "tail"])
def test_a_login_that_is_refused(peer: Peer, own: set[str], command: str) -> None:
    words = {"join": (peer.address,), "send": ("--server", peer.address, "hello")}
    with visited(peer, command, *words.get(command, ("--server", peer.address))) as (
        screen,
        server,
    ):
        server.refuse_login()
        assert screen.wait_for_exit() == 1
    see_harmless(screen.raw, own if command == "join" else None)
    see_words(screen.raw, "unwanted-message")


def test_a_message_that_is_refused_with_warnings_before_it(peer: Peer) -> None:
    with visited(peer, "send", "--server", peer.address, "hello") as (screen, server):
        server.welcome()
        server.warn()
        server.refuse("PM")
        assert screen.wait_for_exit() == 1
    see_harmless(screen.raw)
    see_words(screen.raw, "warned-code", "warned-message", "refused-message")


def test_messages_as_lines_of_json(peer: Peer) -> None:
    with visited(peer, "tail", "--server", peer.address, "--history", "1") as (screen, server):
        server.welcome(hostile("first"), replayed=1)
        server.broadcast("old", replay=True)
        server.broadcast("new")
        server.direct("private", 1)
        server.say("gap", log="room", from_=3, to=9, reason="retention")
        server.bye(message=hostile("last"))
        assert screen.wait_for_exit() == 2
    see_harmless(screen.raw)
    see_words(screen.raw, "old-from", "new-text", "private-from", "private-to", "last")


@pytest.mark.parametrize(
    "frame",
    [
        {"type": "broadcast", "from": 5, "message": DANGER},
        {"type": "broadcast", "from": "eve", "message": "hi", "seq": DANGER},
        {"type": "broadcast", "from": "eve", "message": "hi", "seq": "\ud800"},
        {"type": DANGER, "from": DANGER},
        {"type": "ping", "logs": {DANGER: DANGER}},
    ],
)
def test_what_makes_no_sense(peer: Peer, frame: dict[str, object]) -> None:
    """The command goes on, or tells in a sentence why it does not; never with a traceback."""
    with visited(peer, "tail", "--server", peer.address) as (screen, server):
        server.welcome()
        kind = str(frame.pop("type"))
        server.say(kind, **frame)
        server.bye()
        again = HostileServer(peer.accept()) if kind in {"broadcast", "ping"} else None
        if again is not None:
            again.refuse_login()
        screen.wait_for_exit()
    see_harmless(screen.raw)
    assert b"Traceback" not in screen.raw
    see_words(screen.raw, "farewell" if again is None else "unwanted-message")


def test_what_stands_in_a_database(tmp_path: Path) -> None:
    data = tmp_path / "room.db"
    with contextlib.closing(SqliteStore(data)) as store:
        name, text, id_ = map(_storable, ("kept-name", "kept-text", "kept-id"))
        bob, carol = store.commit([AddAccount(name, "x"), AddAccount("carol", "x")])
        assert isinstance(bob, Account)
        assert isinstance(carol, Account)
        store.commit([Draft(log, bob.number, text, f"{id_}{log}") for log in (ROOM, carol.inbox)])
        reason, actor, detail = map(_storable, ("reason", "actor", "detail"))
        act = Act(actor, _storable("act"), _storable("subject"), detail)
        store.commit([Audited(AddBan(bob.number, reason, None), act)])
        store.commit([Audited(AddInvite(b"x", _storable("invite"), 1e10), act)])
    see_words(printed(0, "users", "list", "--data", str(data)), "kept-name")
    see_words(printed(0, "export", "--direct", "--data", str(data)), "kept-text", "kept-id")
    see_words(printed(0, "users", "bans", "--data", str(data)), "reason")
    see_words(printed(0, "invite", "--list", "--data", str(data)), "invite")
    for form in ((), ("--json",)):
        audit = printed(0, "audit", *form, "--data", str(data))
        see_words(audit, "actor", "act", "subject", "detail")
    printed(0, "verify", "--data", str(data))
    with contextlib.closing(sqlite3.connect(data)) as connection, connection:
        connection.execute("UPDATE logs SET epoch = ?", (_storable("epoch"),))
        connection.execute("UPDATE entries SET text = text || ?", (text,))
        connection.execute(f'CREATE TABLE "{_storable("table").replace(chr(0), "")}" (x)')
    printed(1, "verify", "--data", str(data))
    printed(2, "users", "list", "--data", str(data))


def _storable(word: str) -> str:
    return hostile(word).replace("\ud800\udfff", "")


def printed(status: int, *words: str) -> bytes:
    """Returns what a command shows on a terminal, in which there is nothing to obey."""
    with Screen(*words) as screen:
        assert screen.wait_for_exit() == status, screen.text
    see_harmless(screen.raw)
    return screen.raw


def test_a_sentence_about_the_command_line() -> None:
    """Whoever makes somebody click on a command line must not reach the terminal either."""
    with Screen("join", "--history", "\x1b]0;title\x07", env=BOB) as screen:
        assert screen.wait_for_exit() == 2
    see_harmless(screen.raw)
    assert "title" in screen.text
