"""`chatroom audit`, as a process."""

import contextlib
import json
import os
import re
from pathlib import Path

import pytest

from chatroom.log.base import AddAccount, Audited
from chatroom.log.rules import Act
from chatroom.log.sqlite import SqliteStore
from tests.cli.command import run
from tests.cli.keeping import fails, succeeds
from tests.cli.screen import Screen
from tests.conversation import Client
from tests.serving import Server

CHEAP = {"CHATROOM_AUTH_ARGON2_TIME_COST": "1", "CHATROOM_AUTH_ARGON2_MEMORY_KIB": "8"}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Where the data are."""
    return tmp_path / "room.db"


def operate(data: Path, *words: str) -> str:
    """Do something as the person who runs the server."""
    done = run(*words, "--data", str(data), env=CHEAP | {"CHATROOM_PASSWORD": "hidden"})
    assert done.returncode == 0, done
    return done.stdout.strip()


def test_every_act_is_there_whoever_did_it_and_no_secret(data: Path) -> None:
    """With a server and without one."""
    operate(data, "users", "add", "carol")
    with (
        Server(data, env={"CHATROOM_AUTH_REGISTRATION": "invite"}) as server,
        Client(("127.0.0.1", server.port)) as bob,
    ):
        code, other = operate(data, "invite", "--count", "2").splitlines()
        session = bob.ask("login", username="bob", password="hidden", invite=code)["session"]
        operate(data, "invite", "--revoke", other)
        operate(data, "users", "passwd", "carol")
        operate(data, "users", "kick", "bob", "--reason", "have a break")
        operate(data, "users", "ban", "203.0.113.9")
        during = succeeds("audit", "--data", data)
    operate(data, "users", "unban", "203.0.113.9")
    operate(data, "users", "remove", "carol")
    said = succeeds("audit", "--data", data)
    assert said.startswith(during)
    me = f"uid:{os.getuid()}"
    until = r"until \d{4}-\d\d-\d\d \d\d:\d\d UTC"
    expected = [
        f"{me} add carol",
        f"{me} invite {code[:4]} {until}",
        f"{me} invite {other[:4]} {until}",
        f"bob register bob from 127.0.0.1 with the invite {code[:4]}",
        f"{me} revoke {other[:4]}",
        f"{me} passwd carol",
        f"{me} kick bob have a break",
        f"{me} ban 203.0.113.9 for good",
        f"{me} unban 203.0.113.9",
        f"{me} remove carol",
    ]
    lines = said.splitlines()
    assert len(lines) == len(expected)
    for line, act in zip(lines, expected, strict=True):
        assert re.fullmatch(rf"\d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d {act}", line)
    everything = said + succeeds("audit", "--json", "--data", data)
    for secret in ("hidden", code[5:], other[5:], session):
        assert secret not in everything
        assert secret.encode() not in data.read_bytes()


def test_it_can_be_had_as_json_from_a_moment_on(data: Path) -> None:
    clock = iter((1_782_864_000.0, 1_782_864_060.0))
    with contextlib.closing(SqliteStore(data, lambda: next(clock))) as store:
        for name in ("bob", "eve"):
            act = Act(name, "register", name, guest=True)
            store.commit([Audited(AddAccount(name, "hash"), act)])
    assert succeeds("audit", "--data", data) == (
        "2026-07-01 00:00:00 bob register bob\n2026-07-01 00:01:00 eve register eve\n"
    )
    found = succeeds("audit", "--json", "--since", "2026-07-01T00:01", "--data", data)
    assert json.loads(found) == {
        "ts": 1_782_864_060.0,
        "by": "eve",
        "act": "register",
        "subject": "eve",
        "detail": "",
    }
    for since, count in (("2026-07-01", 2), ("2026-07-01T02:00+02:00", 2), ("2199-01-01", 0)):
        assert succeeds("audit", "--since", since, "--data", data).count("\n") == count


def test_what_happened_a_moment_ago_is_told_by_how_long_ago(data: Path) -> None:
    operate(data, "users", "add", "carol")
    assert "add carol" in succeeds("audit", "--since", "1h", "--data", data)


def test_what_is_printed_can_do_a_terminal_no_harm(data: Path) -> None:
    harmful = "\x1b[31mred\u202e\x9b1m"
    with contextlib.closing(SqliteStore(data)) as store:
        act = Act(harmful, harmful, harmful, f"{harmful}\n")
        store.commit([Audited(AddAccount("bob", "hash"), act)])
    for words in ((), ("--json",)):
        with Screen("audit", *words, "--data", str(data)) as screen:
            assert screen.wait_for_exit() == 0
            assert b"\x1b" not in screen.raw
            assert "\x9b".encode() not in screen.raw
            assert screen.raw.count(b"\n") == 1


def test_a_room_in_which_nothing_was_decided_has_nothing_to_tell(data: Path) -> None:
    with Server(data):
        assert succeeds("audit", "--data", data) == ""


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--data", "{folder}/none.db"], "there is no room at {folder}/none.db; name its --data"),
        (["--since", "soon"], "argument --since: soon is no moment; write it like 2026-07-01"),
    ],
)
def test_what_cannot_be_is_explained(tmp_path: Path, words: list[str], said: str) -> None:
    (sentence,) = fails(2, "audit", *(word.format(folder=tmp_path) for word in words))
    assert sentence.startswith(said.format(folder=tmp_path))
