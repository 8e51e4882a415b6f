"""Names of other scripts, from the command line to the screen."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.command import as_user, run
from tests.cli.screen import TAB, Screen
from tests.serving import Server

NAME = "J\u00e9r\u00f4me"
COMBINING = "JE\u0301RO\u0302ME"
OPENED = "HELP           show this"
CHEAP = {"CHATROOM_AUTH_ARGON2_TIME_COST": "1", "CHATROOM_AUTH_ARGON2_MEMORY_KIB": "8"}


@pytest.fixture
def server() -> Iterator[Server]:
    """A server that takes such names."""
    with Server(env={"CHATROOM_AUTH_NAMES": "unicode"}) as server:
        yield server


def test_somebody_joins_and_is_written_to(server: Server) -> None:
    assert run("send", "--server", server.address, "first", env=as_user(NAME)).returncode == 0
    with Screen("join", server.address, env=as_user(COMBINING)) as screen:
        screen.wait_for(f"{NAME} (you)")
        done = run("send", "--server", server.address, "--to", NAME, "hi", env=as_user("bob"))
        assert (done.returncode, done.stderr) == (0, "")
        screen.wait_for("bob -> you (private): hi")
        screen.enter(f"DM {COMBINING} to myself")
        screen.wait_for("you -> you (private): to myself")


def test_tab_completes_the_name(server: Server) -> None:
    with Screen("join", server.address, env=as_user(NAME)) as other:
        other.wait_for(OPENED)
        with Screen("join", server.address, env=as_user("bob")) as screen:
            screen.wait_for(OPENED)
            screen.type("DM j" + TAB + "hello\r")
            screen.wait_for(f"you -> {NAME} (private): hello")


def test_a_server_for_ascii_says_so_and_asks_again() -> None:
    with Server() as server, Screen("join", server.address, "--user", NAME) as screen:
        screen.wait_for("A username has 1 to 32 characters: letters a to z")
        screen.wait_for("Username:")
        screen.enter("jerome")
        screen.wait_for("jerome is new here")


def test_accounts_are_managed_under_any_spelling(tmp_path: Path) -> None:
    env = CHEAP | {"CHATROOM_AUTH_NAMES": "unicode", "CHATROOM_PASSWORD": "x"}
    data = ("--data", str(tmp_path / "room.db"))
    assert run("users", "add", COMBINING, *data, env=env).stdout == (
        "There is an account called J\u00c9R\u00d4ME now.\n"
    )
    assert run("users", "list", *data, env=env).stdout == "J\u00c9R\u00d4ME\n"
    taken = run("users", "add", NAME, *data, env=env)
    assert (taken.returncode, "already" in taken.stderr) == (1, True)
    assert run("users", "remove", NAME, *data, env=CHEAP).returncode == 0
