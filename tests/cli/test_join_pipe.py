"""`chatroom join` without a terminal."""

import shlex
from pathlib import Path

from chatroom.client.connect import connect
from tests.cli.command import DEADLINE, as_user, run, start
from tests.cli.screen import Screen
from tests.client.peer import Peer
from tests.serving import PROGRAM, Server


def test_operations_from_a_pipe(server: Server) -> None:
    with connect(server.address, username="p-friend", password="pw") as friend:
        done = run(
            "join", server.address, env=as_user("p-one"), text="PM hello\nDM p-friend psst\nWHO\n"
        )
        assert [friend.next_message().text for _ in range(2)] == ["hello", "psst"]
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[1][9:] == "you: hello"
    assert lines[2][9:] == "you -> p-friend (private): psst"
    assert lines[3].startswith("In the room")


def test_many_operations_are_all_confirmed_in_order(server: Server) -> None:
    text = "".join(f"PM line {n}\n" for n in range(3000))
    done = run("join", server.address, env=as_user("p-many"), text=text)
    assert done.returncode == 0
    said = [line.split("you: ")[1] for line in done.stdout.splitlines() if "you: " in line]
    assert said == [f"line {n}" for n in range(3000)]


def test_what_is_refused_makes_the_status_1(server: Server) -> None:
    text = "DM nobody-there hi\nhello\nPM after\n"
    done = run("join", server.address, env=as_user("p-two"), text=text)
    assert done.returncode == 1
    assert "Not sent to nobody-there" in done.stderr
    assert '"hello" is no operation' in done.stderr
    assert "you: after" in done.stdout


def test_a_wrong_password_makes_the_status_1(server: Server) -> None:
    assert run("join", server.address, env=as_user("p-three"), text="EX\n").returncode == 0
    done = run("join", server.address, env=as_user("p-three", "wrong"), text="PM hi\n")
    assert done.returncode == 1
    assert done.stderr.startswith("chatroom: ")
    assert len(done.stderr.splitlines()) == 1


def test_no_server_makes_the_status_2() -> None:
    with Peer() as peer:
        peer.stop_listening()
        done = run("join", peer.address, env=as_user("p-four"), text="PM hi\n")
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1


def test_a_password_from_a_file(server: Server, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("pw\nnot this\n")
    arguments = ["--user", "p-five", "--password-file", str(secret)]
    assert run("join", server.address, *arguments, text="PM hi\n").returncode == 0
    assert run("join", server.address, env=as_user("p-five"), text="PM hi\n").returncode == 0


def test_without_a_name_or_a_password_nobody_is_asked(server: Server) -> None:
    done = run("join", server.address, env={"CHATROOM_PASSWORD": "pw"})
    assert (done.returncode, done.stdout) == (2, "")
    assert "set CHATROOM_USER or give --user" in done.stderr
    done = run("join", server.address, "--user", "p-six")
    assert (done.returncode, done.stdout) == (2, "")
    assert "set CHATROOM_PASSWORD or give --password-file" in done.stderr


def test_the_server_from_the_environment(server: Server) -> None:
    env = as_user("p-seven") | {"CHATROOM_SERVER": server.address}
    assert run("join", env=env, text="PM hi\n").returncode == 0


def test_messages_come_while_the_input_stays_open(server: Server) -> None:
    process = start("join", server.address, env=as_user("p-eight"))
    with process, connect(server.address, username="p-nine", password="pw") as other:
        assert process.stdout is not None
        assert process.stdin is not None
        assert b"In the room" in process.stdout.readline()
        other.send("are you\nthere?")
        while b"p-nine: " not in (line := process.stdout.readline()):
            assert line
        assert line[9:].decode() == "p-nine: are you␊there?\n"
        process.stdin.close()
        assert process.wait(DEADLINE) == 0


def test_a_server_that_ends_for_good_ends_the_client_too() -> None:
    """Although its input is still open."""
    with Peer() as peer:
        process = start("join", peer.address, env=as_user("bob"))
        with process:
            visitor = peer.accept()
            visitor.welcome("bob")
            visitor.send({"type": "bye", "reason": "exit", "reconnect": False, "after_ms": 0})
            assert process.wait(DEADLINE) == 2


def test_a_reader_who_has_had_enough_ends_it_quietly(server: Server) -> None:
    """As in `chatroom join | head`, although the input is still open."""
    process = start("join", server.address, env=as_user("p-ten"))
    with process, connect(server.address, username="p-eleven", password="pw") as other:
        assert process.stdout is not None
        assert process.stderr is not None
        assert b"In the room" in process.stdout.readline()
        process.stdout.close()
        other.send("into the void")
        assert process.wait(DEADLINE) == 0
        assert process.stderr.read() == b""


def test_a_terminal_is_asked_although_the_output_is_none(server: Server, tmp_path: Path) -> None:
    """As in `chatroom join | tee log`."""
    secret = tmp_path / "secret"
    secret.write_text("pw")
    command = f"{shlex.join(PROGRAM)} join {server.address} --password-file {secret} | cat"
    with Screen(program=("sh", "-c", command)) as screen:
        screen.wait_for("Username:")
        screen.type("p-twelve\n")
        screen.wait_for("In the room")
        screen.type("PM hello\n")
        screen.wait_for("you: hello")
        screen.type("EX\n")
        assert screen.wait_for_exit() == 0
