"""Logging in, leaving, being turned away, and what the others hear of it."""

import threading
import time
from pathlib import Path

import pytest

from chatroom.auth.attempts import FREE
from chatroom.auth.passwords import Passwords
from tests.conversation import DEADLINE, PASSWORD, Client, Running, line, running


def test_a_wrong_password_leaves_the_connection_open(server: Running) -> None:
    """The person is told and may try again, as often as the time to log in allows."""
    server.enter("bob")
    client = server.connect()
    for wrong in ("wrong", "Secret", "secret ", "s"):
        error = client.refused("wrong_password", "login", username="bob", password=wrong)
        assert (error["command"], error["field"]) == ("login", "password")
    assert client.login("bob")["users"] == ["bob"]


def test_a_second_login(server: Running) -> None:
    """One who is logged in stays who it is."""
    bob = server.enter("bob")
    error = bob.refused("already_logged_in", "login", username="alice", password="p")
    assert "bob" in error["message"]
    bob.refused("already_logged_in", "login", username="bob", password="secret")
    assert bob.ask("WHO")["users"] == ["bob"]


@pytest.mark.parametrize(
    ("command", "fields"),
    [("PM", {"message": "hello"}), ("DM", {"to": "bob", "message": "hello"}), ("WHO", {})],
)
def test_commands_before_the_login(server: Running, command: str, fields: dict[str, str]) -> None:
    """They are refused, nobody hears of them, and one may still log in."""
    bob, client = server.enter("bob"), server.connect()
    error = client.refused("not_logged_in", command, id="early", **fields)
    assert (error["command"], error["id"]) == (command, "early")
    assert bob.heard() == []
    client.login("alice")


def test_ping_and_ex_before_the_login(server: Running) -> None:
    """A sign of life needs no login, and neither does leaving."""
    client = server.connect()
    assert client.ask("ping") == {"type": "pong"}
    farewell = client.ask("EX", id="1")
    assert farewell == {
        "type": "bye",
        "id": "1",
        "reason": "exit",
        "reconnect": False,
        "after_ms": 0,
    }
    assert client.remainder() == []


def test_nothing_is_done_behind_ex(server: Running) -> None:
    """What a client sends after it left is not carried out."""
    bob, alice = server.enter("bob"), server.enter("alice")
    bob.wait_roster("alice", "bob")
    bob.send_bytes(line("PM", message="last words") + line("EX") + line("PM", message="a ghost"))
    assert [frame["type"] for frame in bob.remainder()] == ["confirmation", "bye"]
    assert [frame["message"] for frame in alice.heard()] == ["last words"]


@pytest.mark.parametrize("username", ["", " bob", "b b", "bob\n", "böb", "x" * 33, "a/b", "\x00"])
def test_names_that_cannot_be(server: Running, username: str) -> None:
    """The rule is in the sentence, with and without a password."""
    client = server.connect()
    for fields in ({}, {"password": "secret"}):
        error = client.refused("invalid_username", "login", username=username, **fields)
        assert "1 to 32" in error["message"]
        assert error["field"] == "username"
    assert client.login("x" * 32)["username"] == "x" * 32


@pytest.mark.parametrize("password", ["", "x" * 1025, "\ud800"])
def test_passwords_that_cannot_be(server: Running, password: str) -> None:
    error = server.connect().refused("invalid_field", "login", username="bob", password=password)
    assert error["field"] == "password"


def test_registration_may_be_closed(tmp_path: Path) -> None:
    """Then nobody new comes in, or learns that the name is new, and one may try another name."""
    with running(tmp_path / "room.db") as server:
        server.enter("Bob")
    with running(tmp_path / "room.db", registration="closed") as server:
        client = server.connect()
        for name in ("bob", "eve"):
            asked = client.ask("login", username=name)
            assert (asked["type"], asked["username"], asked["new_user"]) == (
                "password_required",
                name,
                False,
            )
            error = client.refused("wrong_password", "login", username=name, password="wrong")
            assert error["message"].startswith(f"Nobody called {name} has that password here")
        client.refused("invalid_username", "login", username="a b", password="wrong")
        client.refused("invalid_username", "login", username="\ud800")
        assert client.login("bob")["username"] == "Bob"


def test_who_guesses_has_to_wait_and_the_owner_has_not() -> None:
    """The delay is told at once, whatever the password, and holds nobody's thread."""
    with running() as server:
        session = server.connect().login("bob")["session"]
        guest = server.connect(source="127.0.0.2")
        for number in range(FREE):
            guest.refused("wrong_password", "login", username="bob", password=f"{number}")
        for password in ("wrong", PASSWORD):
            error = guest.refused("rate_limited", "login", username="bob", password=password)
            assert 0 < error["retry_after"] <= 1.0
        assert server.connect().login("bob")["username"] == "bob"
        assert guest.ask("resume", session=session)["type"] == "resumed"
        assert server.connect(source="127.0.0.2").login("bob")["username"] == "bob"


def test_two_who_register_one_name_at_once(server: Running) -> None:
    """One of them has it, and the other is told that its password is not the right one."""
    clients = [server.connect() for _ in range(8)]
    for number, client in enumerate(clients):
        client.send("login", username="bob", password=f"secret{number}")
    replies = [client.news() for client in clients]
    assert sorted(reply.get("code", "welcome") for reply in replies) == [
        "welcome",
        *["wrong_password"] * 7,
    ]


def test_the_time_to_log_in_is_limited() -> None:
    """Whoever does not log in is told so and let go; whoever did may stay."""
    with running(login_seconds=0.2) as server:
        bob = server.enter("bob")
        late = server.connect()
        late.send("login", username="alice")
        begin = time.monotonic()
        asked, error, farewell = late.remainder()
        assert time.monotonic() - begin < 2
        assert asked["type"] == "password_required"
        assert (error["type"], error["code"]) == ("error", "login_timeout")
        assert (farewell["type"], farewell["reason"]) == ("bye", "login_timeout")
        assert farewell["reconnect"] is True
        assert bob.ask("WHO")["users"] == ["bob"]


class SlowPasswords:
    """Lets no password be checked until told so."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.released = threading.Event()
        monkeypatch.setattr(Passwords, "verify", self.verify)

    def verify(self, _: str, password: str) -> bool:
        """Says whether `password` is the one of everybody."""
        assert self.released.wait(DEADLINE)
        return password == "secret"


def after_the_time_to_log_in(server: Running) -> None:
    """Waits until a connection that comes now has been too slow."""
    assert server.connect().remainder()[-1]["reason"] == "login_timeout"


def test_checking_a_password_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is late because the server takes its time."""
    with running(login_seconds=0.2) as server:
        server.enter("bob")
        passwords = SlowPasswords(monkeypatch)
        client = server.connect()
        client.send("login", username="bob", password="secret")
        after_the_time_to_log_in(server)
        passwords.released.set()
        client.news("welcome")
        assert client.ask("WHO")["users"] == ["bob"]


def test_a_wrong_password_in_the_last_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """One who was late meanwhile hears first that the password was wrong."""
    with running(login_seconds=0.2) as server:
        server.enter("bob")
        passwords = SlowPasswords(monkeypatch)
        client = server.connect()
        client.send("login", username="bob", password="wrong")
        after_the_time_to_log_in(server)
        passwords.released.set()
        assert [frame.get("code", frame.get("reason")) for frame in client.remainder()] == [
            "wrong_password",
            "login_timeout",
            "login_timeout",
        ]


def test_many_logins_do_not_stall_the_talk(
    server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While a hundred passwords wait to be checked, messages pass as ever."""
    bob, alice = server.enter("bob"), server.enter("alice")
    passwords = SlowPasswords(monkeypatch)
    waiting = [server.connect() for _ in range(100)]
    for client in waiting:
        client.send("login", username="bob", password="secret")
    for number in range(50):
        bob.say(f"{number}")
        assert alice.news("broadcast")["message"] == f"{number}"
    passwords.released.set()
    for client in waiting:
        client.news("welcome")


def test_a_thousand_logins_are_a_handful_of_lists(server: Running) -> None:
    """A burst sends each client few lists, not a thousand, and the last one is right."""
    names = [f"user{number:03}" for number in range(1000)]
    clients = [server.connect() for _ in names]
    for client, name in zip(clients, names, strict=True):
        client.send("login", username=name, password="secret")
    lists = [lists_until(client, names) for client in clients]
    assert max(lists) <= 30
    assert sum(lists) / len(lists) <= 10
    for client in clients[1:]:
        client.reset()
    assert lists_until(clients[0], names[:1]) <= 30


def lists_until(client: Client, names: list[str]) -> int:
    """Returns how many lists of users come until one is `names`, the welcome not counted."""
    count = 0
    while True:
        frame = client.read()
        if frame["type"] == "update_users":
            count += 1
        if frame["users"] == names:
            return count
