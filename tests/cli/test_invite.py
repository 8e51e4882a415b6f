"""`chatroom invite`, as a process: with a server on the data, and without."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.command import run
from tests.cli.screen import Screen
from tests.conversation import Client
from tests.serving import Server

CODE = re.compile(r"(?:[0-9A-HJKMNP-TV-Z]{4}-){4}[0-9A-HJKMNP-TV-Z]{4}")
INVITING = {"CHATROOM_AUTH_REGISTRATION": "invite"}


class Invite:
    """The command, on some data."""

    def __init__(self, data: Path) -> None:
        self.data = data

    def __call__(self, *words: str, status: int = 0) -> list[str]:
        """Run it; see that it ends with `status`, and return the lines that it printed."""
        done = run("invite", *words, "--data", str(self.data), env=INVITING)
        assert done.returncode == status, done
        said, silent = (done.stderr, done.stdout) if status else (done.stdout, done.stderr)
        assert silent == ""
        return said.splitlines()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Where the data are, which a server has made."""
    data = tmp_path / "room.db"
    with Server(data, env=INVITING):
        pass
    return data


@pytest.fixture(params=["with a server", "without"])
def invite(request: pytest.FixtureRequest, data: Path) -> Iterator[Invite]:
    """The command, on data that a server runs on, and on data that none does."""
    if request.param == "without":
        yield Invite(data)
        return
    with Server(data, env=INVITING):
        yield Invite(data)


def test_codes_are_printed_listed_and_revoked(invite: Invite) -> None:
    codes = invite("--count", "3", "--for", "12h")
    assert len(set(codes)) == 3
    assert all(CODE.fullmatch(code) for code in codes)
    assert [line[:11] for line in invite("--list")] == [f"{code[:4]} until " for code in codes]
    assert invite("--revoke", codes[0][:4]) == [
        f"The invite {codes[0][:4]} lets nobody in any more."
    ]
    assert invite("--revoke", codes[1].lower())
    assert [line[:4] for line in invite("--list")] == [codes[2][:4]]
    assert invite("--revoke", codes[1], status=1) == [
        "chatroom: There is no such invite; 'chatroom invite --list' shows all."
    ]


def test_a_code_lets_one_new_name_in(data: Path) -> None:
    with Server(data, env=INVITING) as server:
        (code,) = Invite(data)()
        address = ("127.0.0.1", server.port)
        with Client(address) as bob, Client(address) as eve:
            bob.refused("invite_required", "login", username="bob", password="x")
            bob.ask("login", username="bob", password="x", invite=code)
            eve.refused("invalid_invite", "login", username="eve", password="x", invite=code)
        assert Invite(data)("--list") == []


def test_join_asks_for_the_code(data: Path) -> None:
    with Server(data, env=INVITING) as server:
        (code,) = Invite(data)()
        with Screen("join", server.address, "--user", "bob") as screen:
            screen.wait_for("A new name needs an invite")
            screen.wait_for("Invite:")
            screen.enter(code.lower())
            screen.wait_for("New password:")
            screen.enter("secret")
            screen.wait_for("The same again:")
            screen.enter("secret")
            screen.wait_for("In the room (1): bob (you)")
            screen.enter("EX")
            assert screen.wait_for_exit() == 0


@pytest.mark.parametrize("way", ["option", "environment"])
def test_a_script_brings_the_code_along(data: Path, way: str) -> None:
    with Server(data, env=INVITING) as server:
        (code,) = Invite(data)()
        secret = {"CHATROOM_USER": "bob", "CHATROOM_PASSWORD": "x"}
        words = ["join", server.address]
        refused = run(*words, env=secret, text="PM hello\n")
        assert refused.returncode == 1
        assert "A new name needs an invite" in refused.stderr
        if way == "option":
            words += ["--invite", code]
        else:
            secret["CHATROOM_INVITE"] = code
        assert run(*words, env=secret, text="PM hello\n").returncode == 0


def test_where_codes_do_not_count_that_is_said(data: Path) -> None:
    done = run("invite", "--data", str(data))
    assert done.returncode == 0
    assert CODE.fullmatch(done.stdout.strip())
    assert done.stderr == (
        'chatroom: auth.registration is "open" here; codes count where it is "invite"\n'
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--count", "0"), "argument --count: 0 is not from 1 to 100"),
        (("--count", "many"), "argument --count: invalid"),
        (("--for", "ever"), "argument --for: ever is no time; write it like 30m, 12h, 7d or 2w"),
        (("--list", "--count", "2"), "--for and --count are for new codes; leave them out"),
        (("--revoke", "K7Q2", "--for", "7d"), "--for and --count are for new codes"),
        (("--list", "--revoke", "K7Q2"), "argument --revoke: not allowed with argument --list"),
    ],
)
def test_a_wrong_command_line_is_explained(data: Path, words: tuple[str, ...], said: str) -> None:
    (sentence,) = Invite(data)(*words, status=2)
    assert sentence.startswith(f"chatroom: {said}")


def test_a_path_that_is_mistyped_makes_no_room_there(tmp_path: Path) -> None:
    data = tmp_path / "none.db"
    (sentence,) = Invite(data)(status=2)
    assert f"there is no room at {data}" in sentence
    assert not data.exists()
