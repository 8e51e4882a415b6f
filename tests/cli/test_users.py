"""`chatroom users`, as a process: with a server on the data, and without."""

import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cli.command import run
from tests.cli.screen import CTRL_C, CTRL_D, Screen
from tests.conversation import Client
from tests.serving import Server

CHEAP = {"CHATROOM_AUTH_ARGON2_TIME_COST": "1", "CHATROOM_AUTH_ARGON2_MEMORY_KIB": "8"}


class Users:
    """The command, on some data."""

    def __init__(self, data: Path) -> None:
        self.data = data

    def __call__(self, *words: str, password: str | None = None, status: int = 0) -> str:
        """Run it; see that it ends with `status`, and return what it said."""
        secret = {} if password is None else {"CHATROOM_PASSWORD": password}
        done = run("users", *words, "--data", str(self.data), env=CHEAP | secret)
        assert done.returncode == status, done
        said, silent = (done.stderr, done.stdout) if status else (done.stdout, done.stderr)
        assert silent == ""
        if status:
            assert said.startswith("chatroom: ")
            assert said.count("\n") == 1
        return said.removeprefix("chatroom: ").rstrip("\n")

    def screen(self, *words: str) -> Screen:
        """Run it on a terminal."""
        return Screen("users", *words, "--data", str(self.data), env=CHEAP)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Where the data are."""
    return tmp_path / "room.db"


@pytest.fixture(params=["with a server", "without"])
def users(request: pytest.FixtureRequest, data: Path) -> Iterator[Users]:
    """The command, on data that a server runs on, and on data that none does."""
    if request.param == "without":
        yield Users(data)
        return
    with Server(data):
        yield Users(data)


def enter(server: Server) -> Client:
    """Return a connection to `server`."""
    return Client(("127.0.0.1", server.port))


def test_accounts_are_made_listed_changed_and_removed(users: Users) -> None:
    assert users("add", "bob", password="one") == "There is an account called bob now."
    assert users("add", "Alice", password="two") == "There is an account called Alice now."
    assert users("list") == "Alice\nbob"
    assert users("passwd", "BOB", password="three") == "bob has a new password."
    assert users("remove", "alice") == "The account called Alice is gone; what it said stays."
    assert users("list") == "bob"


def test_people_are_kept_out_and_let_in_again(users: Users) -> None:
    users("add", "bob", password="one")
    assert users("ban", "BOB", "--reason", "no spam, please") == (
        "bob is banned for good (no spam, please)."
    )
    assert users("ban", "203.0.113.9/24", "--for", "7d").startswith(
        "203.0.113.0/24 is banned until"
    )
    first, second = users("bans").splitlines()
    assert first == "account bob for good (no spam, please)"
    assert second.startswith("address 203.0.113.0/24 until 2")
    assert users("unban", "bob") == "bob is not banned any more."
    assert users("unban", "bob", status=1) == (
        "There is no ban of bob; 'chatroom users bans' lists all."
    )
    assert users("kick", "bob") == "bob is shown out and can come in again with the password."
    assert len(users("bans").splitlines()) == 1


def test_a_name_that_reads_like_an_address_can_be_banned(users: Users) -> None:
    users("add", "10.0.0.1", password="one")
    users("ban", "10.0.0.1", "--account")
    assert users("bans") == "account 10.0.0.1 for good"


def test_whoever_is_banned_without_a_server_finds_the_door_closed(data: Path) -> None:
    users = Users(data)
    users("add", "bob", password="one")
    users("ban", "bob", "--reason", "spam")
    with Server(data) as server, enter(server) as bob:
        error = bob.refused("banned", "login", username="bob", password="one")
        assert "bob is banned here for good (spam)" in error["message"]
        users("unban", "bob")
        with enter(server) as again:
            again.login("bob", "one")


def test_a_room_that_has_nobody_yet_lists_nobody(data: Path) -> None:
    with Server(data):
        assert Users(data)("list") == ""


@pytest.mark.parametrize("words", [("list",), ("remove", "bob")])
def test_a_path_that_is_mistyped_makes_no_room_there(data: Path, words: tuple[str, ...]) -> None:
    assert Users(data)(*words, status=2) == (
        f"there is no room at {data}; name its --data or its --config"
    )
    assert not data.exists()


def test_what_the_accounts_do_not_allow_is_refused(users: Users) -> None:
    users("add", "bob", password="one")
    said = users("add", "Bob", password="two", status=1)
    assert said == "There is an account called Bob already; choose another name."
    assert users("add", "a b", password="x", status=1).startswith("A username has 1 to 32")
    assert users("add", "eve", password="x" * 1025, status=1).startswith("A password has 1 to 1024")
    for words, password in ((("remove", "carol"), None), (("passwd", "carol"), "x")):
        said = users(*words, password=password, status=1)
        assert said == "There is no account called carol; 'chatroom users list' shows all."


def test_the_accounts_are_those_that_one_logs_in_with(data: Path) -> None:
    """Made without a server, known to it; changed and removed while it runs."""
    users = Users(data)
    users("add", "bob", password="one")
    with Server(data) as server, enter(server) as bob, enter(server) as again:
        assert bob.login("bob", "one")["new_user"] is False
        users("passwd", "bob", password="two")
        again.refused("wrong_password", "login", username="bob", password="one")
        again.login("bob", "two")
        users("remove", "Bob")
        for client in (bob, again):
            bye = client.news("bye")
            assert (bye["reason"], bye["reconnect"]) == ("account_removed", False)
            assert client.remainder() == []
        with enter(server) as successor:
            assert successor.login("bob", "three")["new_user"] is True


def test_only_the_owner_can_open_the_socket(data: Path) -> None:
    with Server(data):
        path = data.with_name("room.db.sock")
        assert stat.S_ISSOCK(path.stat().st_mode)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not path.exists()


def test_the_path_may_be_longer_than_a_socket_address(tmp_path: Path) -> None:
    data = tmp_path / ("x" * 60) / ("y" * 60) / "room.db"
    users = Users(data)
    users("add", "bob", password="one")
    with Server(data) as server:
        users("add", "alice", password="two")
        with enter(server) as client:
            assert client.login("alice", "two")["new_user"] is False
    assert users("list") == "alice\nbob"


def test_a_server_that_does_not_answer_keeps_its_data_to_itself(data: Path) -> None:
    """There is no second writer, even where there is no way to the first."""
    with Server(data):
        data.with_name("room.db.sock").unlink()
        assert "in use by another chatroom" in Users(data)("list", status=2)


def test_a_password_can_stand_in_a_file(data: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("one\n")
    Users(data)("add", "bob", "--password-file", str(secret), password="ignored")
    with Server(data) as server, enter(server) as client:
        client.login("bob", "one")


def test_there_must_be_a_password_and_somebody_to_ask_for_it(data: Path) -> None:
    users = Users(data)
    said = users("add", "bob", status=2)
    assert "no terminal to ask for the password on" in said
    assert "is empty" in users("add", "bob", password="", status=2)
    assert not data.exists()


def type_password(screen: Screen, name: str, first: str, second: str) -> None:
    """Answer both questions."""
    screen.wait_for(f"New password for {name}:")
    screen.enter(first)
    screen.wait_for("The same again:")
    screen.enter(second)


def test_a_password_is_asked_for_twice_and_not_shown(data: Path) -> None:
    users = Users(data)
    with users.screen("add", "bob") as screen:
        type_password(screen, "bob", "hidden one", "hidden one")
        assert screen.wait_for_exit() == 0
        assert "There is an account called bob now." in screen.text
        assert b"hidden" not in screen.raw
    with users.screen("passwd", "bob") as screen:
        type_password(screen, "bob", "hidden two", "hidden too")
        assert screen.wait_for_exit() == 2
        assert "chatroom: the two passwords differ; nothing was changed" in screen.text
        assert b"hidden" not in screen.raw
    with Server(data) as server, enter(server) as client:
        client.login("bob", "hidden one")


@pytest.mark.parametrize("key", [CTRL_C, CTRL_D])
def test_whoever_gives_no_password_changes_nothing(data: Path, key: str) -> None:
    with Users(data).screen("add", "bob") as screen:
        screen.wait_for("New password for bob:")
        screen.type(key)
        assert screen.wait_for_exit() == 130
        assert screen.lines == ["New password for bob:"]
    assert not data.exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("list", "bob"), "list takes no name"),
        (("add",), "say whose account to add"),
        (("remove",), "say whose account to remove"),
        (("rename", "bob"), "argument action: invalid choice: 'rename'"),
        (("bans", "bob"), "bans takes no name"),
        (("ban",), "say whose account to ban"),
        (("unban", "bob", "--reason", "x"), "unban takes no --reason"),
        (("kick", "bob", "--for", "7d"), "kick takes no --for"),
        (("add", "bob", "--account"), "add takes no --account"),
        (("ban", "bob", "--for", "soon"), "argument --for: soon is no time; write it like 30m"),
    ],
)
def test_a_wrong_command_line_is_explained(data: Path, words: tuple[str, ...], said: str) -> None:
    assert Users(data)(*words, status=2).startswith(said)
    assert not data.exists()


@pytest.mark.parametrize(
    ("place", "said"),
    [
        (lambda _: ":memory:", "a room in memory has no data to look at; name its --data"),
        (lambda _: "~nobody-here/room.db", "~nobody-here/room.db cannot be found: "),
        (lambda tmp_path: tmp_path / "letters", "cannot be used: "),
        (lambda tmp_path: tmp_path / "letters" / "room.db", "does not answer: Not a directory."),
    ],
)
def test_data_that_cannot_be_used_are_named(
    tmp_path: Path, place: Callable[[Path], str | Path], said: str
) -> None:
    (tmp_path / "letters").write_text("These are my letters. " * 1000)
    assert said in Users(Path(place(tmp_path)))("list", status=2)


def test_what_is_wrong_with_the_configuration_is_named(tmp_path: Path) -> None:
    done = run("users", "list", "--config", str(tmp_path / "chat.toml"))
    assert (done.returncode, done.stdout) == (2, "")
    assert "chat.toml cannot be read" in done.stderr
