"""What `chatroom join` shows of what was said before, while one was away, and is not confirmed."""

import json
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatroom.cli import arguments
from chatroom.client.connect import connect
from chatroom.client.events import Receipt
from chatroom.client.room import Room
from chatroom.protocol import commands
from tests.cli.command import DEADLINE, as_user, run, start
from tests.cli.screen import CTRL_D, Screen
from tests.serving import Server

OPENED = "HELP           show this"
"""What is shown last when somebody has come in."""

PROMPT = "PM, DM, WHO or EX:"

HERE = "In the room ("
"""How a list of users begins. Who has just left may still be in it."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A server of this test alone, as tests say things that others would see as history."""
    with Server(tmp_path / "room.db") as server:
        yield server


def entered(server: Server, name: str) -> Room:
    return connect(server.address, username=name, password="pw")


def joined(server: Server, name: str, *arguments: str) -> Screen:
    screen = Screen("join", server.address, *arguments, env=as_user(name))
    screen.wait_for(OPENED)
    return screen


def say(server: Server, *texts: str, name: str = "bob") -> None:
    """Says things in the room and leaves it."""
    with entered(server, name) as room:
        for text in texts:
            room.send(text)


def pass_by(receipt: Receipt) -> None:
    """Waits until what is said has a later time, which is in milliseconds."""
    while round(time.time(), 3) <= receipt.ts:
        time.sleep(0.0002)


def without_times(screen: Screen) -> list[str]:
    """The rows of the screen, without the time in front; the rest of a long line is left out."""
    begun = (row for row in screen.lines if not row.startswith(" " * 9))
    return [row[9:] if row[2:3] == ":" else row for row in begun]


def test_the_last_messages_are_shown_on_entry_in_the_order_of_time(server: Server) -> None:
    with entered(server, "alice"), entered(server, "bob") as bob:
        pass_by(bob.send("too long ago"))
        pass_by(bob.send("before"))
        pass_by(bob.send_to("alice", "between"))
        bob.send("behind")
    with joined(server, "alice", "--history", "3") as screen:
        say(server, "now")
        screen.wait_for("bob: now")
        rows = without_times(screen)
        assert rows[:5] == [
            "--- the last 3 messages ---",
            "bob: before",
            "bob -> you (private): between",
            "bob: behind",
            "--- now ---",
        ]
        assert rows[5].startswith(HERE)


def test_one_s_own_messages_are_among_them(server: Server) -> None:
    say(server, "mine", name="alice")
    with joined(server, "alice") as screen:
        assert without_times(screen)[:3] == ["--- the last message ---", "you: mine", "--- now ---"]


def test_a_person_sees_50_unless_they_say_otherwise(server: Server) -> None:
    say(server, *(f"message {n}." for n in range(60)))
    with joined(server, "alice") as screen:
        assert b"--- the last 50 messages ---" in screen.raw
        assert b"message 9." not in screen.raw
        assert b"message 10." in screen.raw
    with joined(server, "alice", "--history", "0") as screen:
        assert "message" not in screen.lines[0]


def test_a_program_sees_none_unless_it_says_otherwise(server: Server) -> None:
    say(server, "one", "two", "three")
    done = run("join", server.address, env=as_user("alice"), text="PM hi\n")
    assert [line[9:] for line in done.stdout.splitlines()[1:]] == ["you: hi"]
    done = run("join", server.address, "--history", "2", env=as_user("alice"), text="WHO\n")
    first, second, *rest = done.stdout.splitlines()
    assert [first[9:], second[9:]] == ["bob: three", "you: hi"]
    assert len(rest) == 2
    assert all(line.startswith(HERE) for line in rest)


def test_tail_prints_and_marks_them(server: Server) -> None:
    say(server, "one", "two", "three")
    done = run(
        *("tail", "--server", server.address, "--history", "2", "--count", "2"),
        env=as_user("alice"),
    )
    entries = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(each["message"], each["replay"]) for each in entries] == [
        ("two", True),
        ("three", True),
    ]


def test_as_much_can_be_asked_for_as_a_server_gives() -> None:
    assert arguments.MAX_HISTORY == commands.MAX_HISTORY


@pytest.mark.parametrize("command", ["join", "tail"])
@pytest.mark.parametrize("number", ["-1", "1001", "many"])
def test_a_history_has_bounds(command: str, number: str) -> None:
    done = run(command, f"--history={number}")
    assert done.returncode == 2
    assert "argument --history" in done.stderr


def test_after_a_kill_what_was_missed_is_shown_once_and_what_was_typed_is_said_once(
    server: Server,
) -> None:
    with joined(server, "alice") as screen:
        screen.enter("PM before")
        screen.wait_for("you: before")
        server.kill()
        screen.wait_for("The server is gone:")
        screen.enter("PM typed meanwhile")
        screen.wait_for("  ... typed meanwhile (sent when the server is back)")
        assert "you: typed meanwhile" not in screen.text
        screen.signal(signal.SIGSTOP)  # so that bob is back before alice
        server.start()
        say(server, "one", "two", "three")
        screen.signal(signal.SIGCONT)
        screen.wait_for("you: typed meanwhile")
        screen.wait_until(lambda: screen.lines[-1] == PROMPT, "prompt with nothing above it")
        rows = without_times(screen)
        gone = next(n for n, row in enumerate(rows) if row.startswith("The server is gone:"))
        back, *missed = rows[gone + 1 :]
        assert back.startswith("The server is back after ")
        assert back.endswith("; 3 messages were said meanwhile:")
        assert missed[:3] == ["bob: one", "bob: two", "bob: three"]
        assert missed[3].startswith(HERE)
        assert missed[4] == "you: typed meanwhile"
        assert screen.text.count("typed meanwhile") == 1
        assert screen.text.count("you: before") == 1
    with entered(server, "carl") as carl, joined(server, "alice", "--history", "2") as screen:
        assert without_times(screen)[1:3] == ["bob: three", "you: typed meanwhile"]
        carl.send("still here")
        screen.wait_for("carl: still here")


def test_a_break_in_which_nothing_was_said(server: Server) -> None:
    with joined(server, "alice") as screen:
        server.restart()
        screen.wait_for("; nothing was said meanwhile.")
        screen.wait_for(HERE, times=2)
        assert b"Traceback" not in screen.raw


def test_a_program_gets_what_was_missed_once(server: Server) -> None:
    """Like any other line, and what it said meanwhile is said when the server is back."""
    process = start("join", server.address, env=as_user("alice"))
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert b"In the room" in process.stdout.readline()
        server.kill()
        assert b"The server is gone" in process.stdout.readline()
        process.stdin.write(b"PM typed meanwhile\n")
        process.stdin.flush()
        process.send_signal(signal.SIGSTOP)
        server.start()
        say(server, "one", "two")
        process.send_signal(signal.SIGCONT)
        process.stdin.close()
        back, *missed, here, own = process.stdout.read().decode().splitlines()
        assert back.endswith("; 2 messages were said meanwhile:")
        assert [line[9:] for line in missed] == ["bob: one", "bob: two"]
        assert here.startswith(HERE)
        assert own[9:] == "you: typed meanwhile"
        assert process.wait(DEADLINE) == 0


def test_what_is_not_confirmed_is_told_on_leaving(server: Server) -> None:
    with joined(server, "alice") as screen:
        server.kill()
        screen.wait_for("The server is gone:")
        for text in ("one", "two"):
            screen.enter(f"PM {text}")
            screen.wait_for(f"  ... {text} (sent when the server is back)")
        screen.type(CTRL_D)
        assert screen.wait_for_exit() == 0
        assert [row for row in screen.lines if row.startswith("  ...")] == []
        assert [row for row in screen.lines if row.startswith("         ")] == [
            "         one",
            "         two",
        ]
