from collections.abc import Iterator

import pytest

from chatroom.client.connect import connect
from chatroom.client.room import Room
from tests.cli.command import as_user, run
from tests.cli.screen import CTRL_C, CTRL_D, Screen
from tests.client.peer import Peer
from tests.serving import Server


@pytest.fixture
def reader(server: Server) -> Iterator[Room]:
    with connect(server.address, username="s-reader", password="pw") as room:
        yield room


def send(server: Server, *arguments: str, text: str | bytes = "") -> tuple[int, str, str]:
    """Runs `chatroom send`."""
    done = run("send", "--server", server.address, *arguments, env=as_user("sender"), text=text)
    return done.returncode, done.stdout, done.stderr


def test_a_message_from_the_command_line(server: Server, reader: Room) -> None:
    assert send(server, "hello there") == (0, "", "")
    message = reader.next_message()
    assert (message.sender, message.text, message.private) == ("sender", "hello there", False)


@pytest.mark.parametrize("arguments", [[], ["-"]])
def test_a_message_from_standard_input(server: Server, reader: Room, arguments: list[str]) -> None:
    assert send(server, *arguments, text="two\nlines\n\n") == (0, "", "")
    assert reader.next_message().text == "two\nlines"


def test_a_private_message(server: Server, reader: Room) -> None:
    assert send(server, "--to", "S-Reader", "psst") == (0, "", "")
    assert reader.next_message().private


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--to", "nobody-at-all", "hi"], "nobody-at-all"),
        ([" "], "empty"),
        (["x" * 9000], "8192"),
    ],
)
def test_what_the_server_refuses(server: Server, arguments: list[str], why: str) -> None:
    status, out, err = send(server, *arguments)
    assert (status, out) == (1, "")
    assert why in err
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize("text", [b"x" * 70_000, b"\xff"])
def test_an_input_that_can_be_no_message(server: Server, text: bytes) -> None:
    status, _, err = send(server, text=text)
    assert status == 2
    assert len(err.splitlines()) == 1


def test_no_server() -> None:
    with Peer() as peer:
        peer.stop_listening()
        done = run("send", "--server", peer.address, "hi", env=as_user("sender"))
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1


def test_without_a_terminal_nobody_is_asked_for_a_password(server: Server) -> None:
    done = run("send", "--server", server.address, "--user", "sender", "hi")
    assert done.returncode == 2
    assert "set CHATROOM_PASSWORD" in done.stderr


def test_on_a_terminal_the_password_is_asked_for(server: Server, reader: Room) -> None:
    with Screen("send", "--server", server.address, "--user", "s-asked", "hi") as screen:
        screen.wait_for("New password:")
        screen.enter("secret")
        screen.wait_for("The same again:")
        screen.enter("secret")
        assert screen.wait_for_exit() == 0
        assert b"secret" not in screen.raw
    assert reader.next_message().sender == "s-asked"


@pytest.mark.parametrize("key", [CTRL_C, CTRL_D])
def test_who_does_not_answer_sends_nothing(server: Server, key: str) -> None:
    with Screen("send", "--server", server.address, "--user", "no spaces", "hi") as screen:
        screen.wait_for("Username:")
        screen.type(key)
        assert screen.wait_for_exit() == 130
        assert b"Traceback" not in screen.raw
