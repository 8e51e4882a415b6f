"""Somebody who misbehaves, on a server that runs."""

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatroom.auth.attempts import FREE
from chatroom.auth.bans import Bans
from chatroom.log.base import Account
from chatroom.protocol.errors import ErrorCode, ProtocolError
from chatroom.server.control import ask
from tests.conversation import PASSWORD, Client, Frame, Running, running

FOR_GOOD = "bob is banned here for good (spam); ask the person who runs the server."
ADDRESS = "This address is banned here for good; ask the person who runs the server."


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Where the data are."""
    return tmp_path / "room.db"


@pytest.fixture
def server(data: Path) -> Iterator[Running]:
    """A server in this process."""
    with running(data) as server:
        yield server


def operate(data: Path, command: str, **fields: object) -> None:
    """Have the server do something."""
    assert ask(data, {"command": command, **fields})


def farewell(client: Client) -> Frame:
    """Return the last frame of a connection, which the server ends."""
    *_, bye = client.remainder()
    assert bye["type"] == "bye"
    return bye


def bye(reason: str, message: str) -> Frame:
    """Return the last word to somebody who is not to come back."""
    return {"type": "bye", "reason": reason, "reconnect": False, "after_ms": 0, "message": message}


def turned_away(client: Client, code: str, message: str) -> None:
    """See that what follows on a connection is an error, and its end."""
    error = client.news("error")
    assert (error["code"], error["message"]) == (code, message)
    assert client.remainder() == [bye(code, message)]


def test_whoever_is_banned_is_out_at_once_and_nobody_else(server: Running, data: Path) -> None:
    alice, bob, phone = server.enter("alice"), server.enter("bob"), server.enter("bob")
    alice.wait_roster("alice", "bob")
    operate(data, "users_ban", who="BOB", reason="spam")
    for client in (bob, phone):
        assert farewell(client) == bye("banned", FOR_GOOD)
    alice.wait_roster("alice")
    alice.say("It is quiet now.")


def test_what_was_said_before_the_ban_is_confirmed_and_nothing_behind_it(
    server: Running, data: Path
) -> None:
    bob = server.enter("bob")
    for number in range(20):
        bob.send("PM", message=f"{number}")
    assert bob.take(20)[-1]["type"] == "confirmation"
    operate(data, "users_ban", who="bob")
    assert [frame["type"] for frame in bob.remainder() if frame["type"] != "update_users"] == [
        "bye"
    ]


def test_whoever_is_banned_is_told_at_the_login_with_the_right_password_alone(
    server: Running, data: Path
) -> None:
    server.enter("bob")
    operate(data, "users_ban", who="bob", reason="spam")
    client = server.connect()
    client.refused("wrong_password", "login", username="bob", password="wrong")
    client.send("login", username="bob", password=PASSWORD)
    turned_away(client, "banned", FOR_GOOD)


def test_a_ban_and_a_kick_end_the_sessions(server: Running, data: Path) -> None:
    for command, fields in (("users_kick", {"username": "bob"}), ("users_ban", {"who": "bob"})):
        session = server.connect().login("bob")["session"]
        operate(data, command, **fields)
        client = server.connect()
        client.refused("invalid_session", "resume", session=session)


def test_whoever_is_kicked_may_come_in_again(server: Running, data: Path) -> None:
    bob, alice = server.enter("bob"), server.enter("alice")
    operate(data, "users_kick", username="bob", reason="have a break")
    sentence = "You were shown out by the person who runs the server (have a break)."
    assert farewell(bob) == bye("kicked", sentence)
    alice.wait_roster("alice")
    server.enter("bob")


def test_whoever_comes_from_a_banned_address_is_out_logged_in_or_not(
    server: Running, data: Path
) -> None:
    """And the door for the person who runs the server stays open."""
    bob, silent = server.enter("bob"), server.connect()
    operate(data, "users_ban", who="127.0.0.0/8")
    assert farewell(bob) == bye("banned", ADDRESS)
    assert farewell(silent) == bye("banned", ADDRESS)
    turned_away(server.connect(), "banned", ADDRESS)
    operate(data, "users_unban", who="127.0.0.0/8")
    server.enter("bob")


@pytest.mark.skipif(not Path("/proc").exists(), reason="only Linux has all of 127.0.0.0/8")
def test_a_banned_address_is_no_other(server: Running, data: Path) -> None:
    operate(data, "users_ban", who="127.0.0.2")
    server.enter("bob")
    with socket.create_connection(server.address, 10, ("127.0.0.2", 0)) as sock:
        answer = b""
        while more := sock.recv(65536):
            answer += more
    assert b'"code":"banned"' in answer


def test_whoever_is_turned_away_at_the_door_costs_no_thread(server: Running, data: Path) -> None:
    operate(data, "users_ban", who="127.0.0.1")
    before = set(threading.enumerate())
    for _ in range(20):
        turned_away(server.connect(), "banned", ADDRESS)
        assert not [t for t in set(threading.enumerate()) - before if t.name.startswith("client")]


def test_a_ban_is_kept_over_a_restart_and_ends_when_it_is_lifted(data: Path) -> None:
    with running(data) as server:
        server.enter("bob")
        operate(data, "users_ban", who="bob", reason="spam")
    with running(data) as server:
        client = server.connect()
        client.send("login", username="bob", password=PASSWORD)
        turned_away(client, "banned", FOR_GOOD)
        operate(data, "users_unban", who="bob")
        server.enter("bob")


def test_who_is_banned_while_coming_in_does_not_stay(
    server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ban looked for the account's connections before this was one of them."""
    session = server.connect().login("bob")["session"]
    looks: list[str] = []

    def check(self: Bans, account: Account, address: str) -> None:
        del self, address
        looks.append(account.name)
        if len(looks) == 2:
            raise ProtocolError(ErrorCode.BANNED, FOR_GOOD)

    monkeypatch.setattr(Bans, "check", check)
    client = server.connect()
    client.send("resume", session=session)
    assert farewell(client) == bye("banned", FOR_GOOD)
    monkeypatch.undo()
    server.connect().refused("invalid_session", "resume", session=session)


def test_a_resume_that_meets_a_ban_is_told_of_it(
    server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that found its session a moment before the ban ended it."""
    session = server.connect().login("bob")["session"]

    def check(self: Bans, account: Account, address: str) -> None:
        del self, account, address
        raise ProtocolError(ErrorCode.BANNED, FOR_GOOD)

    monkeypatch.setattr(Bans, "check", check)
    client = server.connect()
    client.send("resume", session=session)
    turned_away(client, "banned", FOR_GOOD)


# Invites.


@pytest.mark.parametrize("password", [{}, {"password": PASSWORD}])
def test_invites_cannot_be_tried_as_fast_as_one_likes(data: Path, password: Frame) -> None:
    """Whether with a password or without; and a known name needs none."""
    with running(data, registration="invite") as server:
        assert ask(data, {"command": "users_add", "username": "bob", "password": PASSWORD})
        client = server.connect()
        wrong = {"username": "eve", "invite": "K7Q2"} | password
        for _ in range(FREE):
            client.refused("invalid_invite", "login", **wrong)
        error = client.refused("rate_limited", "login", **wrong)
        assert error["retry_after"] == 1.0
        client.login("bob")


def test_a_new_name_needs_an_invite(data: Path) -> None:
    with running(data, registration="invite") as server:
        client = server.connect()
        error = client.refused("invite_required", "login", username="bob")
        assert error["field"] == "invite"
        client.refused("invite_required", "login", username="bob", password="x")
        client.refused("invalid_invite", "login", username="bob", password="x", invite="K7Q2")
        reply = ask(data, {"command": "invite_make", "seconds": 60})
        assert reply
        (code,) = reply["lines"] if isinstance(reply["lines"], list) else []
        assert client.ask("login", username="bob", invite=code)["type"] == "password_required"
        client.refused("invalid_username", "login", username="b b", password="x", invite=code)
        welcome = client.ask("login", username="bob", password=PASSWORD, invite=code.lower())
        assert welcome["new_user"] is True
        other = server.connect()
        other.refused("invalid_invite", "login", username="eve", password="x", invite=code)
        assert other.login("bob")["new_user"] is False
