"""`chatroom join` as a person at a terminal sees it."""

import shlex
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from chatroom.client.connect import connect
from chatroom.client.room import Room
from tests.cli.command import as_user
from tests.cli.screen import CTRL_C, CTRL_D, CTRL_Z, TAB, UP, Screen
from tests.client.peer import DEADLINE, Peer, broadcast, direct
from tests.serving import PROGRAM, Server

PROMPT = "PM, DM, WHO or EX:"
OPENED = "HELP           show this"
"""What is shown last when somebody has come in."""

NO_HISTORY = ("--history", "0")
"""As the server is there for all tests, which say things."""


@contextmanager
def joined(server: Server, name: str) -> Iterator[Screen]:
    """Somebody who has logged in and is asked for an operation."""
    with Screen("join", server.address, *NO_HISTORY, env=as_user(name)) as screen:
        screen.wait_for(OPENED)
        screen.wait_for(PROMPT)
        yield screen


@contextmanager
def other(server: Server, name: str) -> Iterator[Room]:
    """Somebody else in the room."""
    with connect(server.address, username=name, password="pw", timeout=DEADLINE) as room:
        yield room


def test_a_new_user_chooses_a_hidden_password_twice_and_then_is_known(server: Server) -> None:
    with Screen("join", server.address, *NO_HISTORY) as screen:
        screen.wait_for("Username:")
        screen.enter("newcomer")
        screen.wait_for("newcomer is new here")
        for n, again in ((1, "typo"), (2, "secret")):
            screen.wait_for("New password:", times=n)
            screen.enter("secret")
            screen.wait_for("The same again:", times=n)
            screen.enter(again)
        screen.wait_for(OPENED)
        assert "The two are not the same" in screen.text
        assert "newcomer (you)" in screen.text
        screen.enter("EX")
        assert screen.wait_for_exit() == 0
        assert b"secret" not in screen.raw
    with Screen("join", server.address, *NO_HISTORY, "--user", "NewComer") as screen:
        screen.wait_for("Password for NewComer:")
        screen.enter("wrong")
        screen.wait_for("Password for NewComer:", times=2)
        screen.enter("secret")
        screen.wait_for(OPENED)
        assert "newcomer (you)" in screen.text
        assert b"secret" not in screen.raw


def test_the_third_wrong_password_ends_it(server: Server) -> None:
    with other(server, "guarded"), Screen("join", server.address, "--user", "guarded") as screen:
        for n in (1, 2, 3):
            screen.wait_for("Password for guarded:", times=n)
            screen.enter("wrong")
        assert screen.wait_for_exit() == 1


def test_a_name_that_nobody_can_have_is_asked_again(server: Server) -> None:
    with Screen("join", server.address, "--user", "no spaces") as screen:
        screen.wait_for("A username has 1 to 32 characters")
        screen.wait_for("Username:")
        screen.type(CTRL_D)
        assert screen.wait_for_exit() == 0


def test_operations_as_one_line(server: Server) -> None:
    with joined(server, "liner") as screen, other(server, "liners-friend") as friend:
        screen.wait_for("liners-friend came in.")
        screen.enter("PM hello all")
        screen.wait_for("you: hello all")
        assert friend.next_message().text == "hello all"
        screen.enter("/dm liners-friend hello you")
        screen.wait_for("you -> liners-friend (private): hello you")
        private = friend.next_message()
        assert (private.private, private.text) == (True, "hello you")
        screen.enter("WHO")
        screen.wait_for("In the room", times=2)
        screen.enter("ex")
        assert screen.wait_for_exit() == 0


def test_a_direct_message_to_oneself_is_shown_once(server: Server) -> None:
    with joined(server, "diarist") as screen:
        screen.enter("DM diarist remember")
        screen.wait_for("(private): remember")
        screen.enter("PM behind it")
        screen.wait_for("you: behind it")
        assert screen.text.count("(private): remember") == 1


def test_operations_as_questions(server: Server) -> None:
    with other(server, "aa-first") as friend, joined(server, "zz-last") as screen:
        screen.enter("PM")
        screen.wait_for("Message:")
        screen.enter("hello all")
        screen.wait_for("you: hello all")
        assert friend.next_message().text == "hello all"
        screen.enter("DM")
        screen.wait_for("To (number or name):")
        assert "  1  aa-first" in screen.text
        screen.enter("1")
        screen.wait_for("Message to aa-first:")
        screen.enter("psst")
        screen.wait_for("you -> aa-first (private): psst")
        assert friend.next_message().text == "psst"


def test_incoming_messages_show_sender_and_whether_they_are_private(server: Server) -> None:
    with joined(server, "hearer") as screen, other(server, "speaker") as speaker:
        speaker.send("to all")
        speaker.send_to("hearer", "to you")
        screen.wait_for("speaker: to all")
        screen.wait_for("speaker -> you (private): to you")


def test_a_long_message_cannot_pass_for_two(server: Server) -> None:
    """The screen has 100 columns; what stands in column 0 of it comes from us alone."""
    with joined(server, "wary") as screen, other(server, "forger") as forger:
        screen.wait_for("forger came in.")
        forger.send("hi" + " " * 81 + "12:00:00 wary: I agree " + "x" * 200 + " \u093e" * 300)
        screen.wait_for("12:00:00 wary: I agree")
        screen.wait_until(lambda: screen.lines[-1] == PROMPT, "prompt below")
        began = next(n for n, row in enumerate(screen.lines) if "forger: hi" in row)
        assert screen.lines[began].endswith("forger: hi")
        below = screen.lines[began + 1 : -1]
        assert "12:00:00 wary: I agree" in "".join(below)
        assert [row for row in below if row and not row.startswith(" " * 9)] == []


def test_comings_and_goings_are_shown(server: Server) -> None:
    with joined(server, "watcher") as screen:
        with other(server, "guest"):
            screen.wait_for("guest came in.")
        screen.wait_for("guest left.")


def test_a_mistake_is_told_and_the_talk_goes_on(server: Server) -> None:
    with joined(server, "erring") as screen:
        screen.enter("DM nobody-here hi")
        screen.wait_for("Not sent to nobody-here:")
        screen.wait_for("         hi")
        screen.enter("hello")
        screen.wait_for('"hello" is no operation; type PM hello')
        screen.enter("PM still here")
        screen.wait_for("you: still here")


def test_what_is_being_typed_stays_whole_while_others_talk(server: Server) -> None:
    """The half-typed line comes back below each message, with the cursor behind it."""
    with joined(server, "typist") as screen, other(server, "chatterbox") as chatterbox:
        screen.wait_for("chatterbox came in.")
        text = "PM a thought that takes its time"
        for n, word in enumerate(text.split(" ")):
            screen.type(word if n == 0 else f" {word}")
            chatterbox.send(f"message {n}!")
        screen.wait_for("message 6!")
        screen.wait_until(lambda: screen.lines[-1] == f"{PROMPT} {text}", "whole line below")
        assert screen.cursor == (len(screen.lines) - 1, len(f"{PROMPT} {text}"))
        assert screen.text.count("a thought") == 1
        screen.enter("")
        screen.wait_for("you: a thought that takes its time")
        assert [f"message {n}!" in screen.text for n in range(7)] == [True] * 7
        assert b"\x1b[6n" not in screen.raw  # the answer to that question would come as keys


def test_a_burst_does_not_garble_the_line(server: Server) -> None:
    with joined(server, "calm") as screen, other(server, "gusty") as gusty:
        screen.type("PM half")
        screen.wait_for(f"{PROMPT} PM half")
        futures = [gusty.submit(f"gust {n}.") for n in range(500)]
        for future in futures:
            future.result(DEADLINE)
        screen.wait_for("gust 499.")
        screen.wait_until(lambda: screen.lines[-1] == f"{PROMPT} PM half", "whole line below")
        shown = [line.split("gusty: ")[1] for line in screen.lines if "gusty: " in line]
        assert shown == [f"gust {n}." for n in range(500 - len(shown), 500)]


def test_tab_completes_operations_and_names(server: Server) -> None:
    with joined(server, "tabber") as screen, other(server, "Zebra-Crossing"):
        screen.wait_for("Zebra-Crossing came in.")
        screen.type("d" + TAB)
        screen.wait_for(f"{PROMPT} DM")
        screen.type("zeb" + TAB)
        screen.wait_for(f"{PROMPT} DM Zebra-Crossing")
        screen.enter("hi")
        screen.wait_for("you -> Zebra-Crossing (private): hi")
        screen.type(UP)
        screen.wait_for(f"{PROMPT} DM Zebra-Crossing hi")


@pytest.mark.parametrize("key", [CTRL_C, CTRL_D])
def test_keys_that_leave(server: Server, key: str) -> None:
    with other(server, "stayer") as stayer, joined(server, "leaver") as screen:
        screen.type(key)
        assert screen.wait_for_exit() == 0
        assert "leaver" not in stayer.who()
        assert b"Traceback" not in screen.raw


@pytest.mark.parametrize("leaving", [False, True])
def test_keys_hit_while_the_server_takes_its_time_are_kept(*, leaving: bool) -> None:
    """They are neither shown twice nor taken by the terminal itself."""
    with Peer() as peer, Screen("join", peer.address, env=as_user("bob")) as screen:
        visitor = peer.accept()
        visitor.welcome("bob")
        screen.wait_for(PROMPT)
        screen.enter("WHO")
        who = visitor.expect("WHO")
        screen.type(CTRL_D if leaving else "PM typed ahead")
        visitor.send({"type": "active_users", "users": ["bob"], "id": who["id"]})
        if leaving:
            visitor.say_bye()
            assert screen.wait_for_exit() == 0
        else:
            screen.wait_for(f"{PROMPT} PM typed ahead")
            assert screen.text.count("typed ahead") == 1


def test_ctrl_z_gives_the_shell_back_and_fg_the_prompt(server: Server) -> None:
    """What was said meanwhile is shown then, and what had been typed is still there."""
    env = as_user("sleeper") | {"PS1": "SHELL> ", "ENV": ""}
    with Screen("-i", program=["/bin/sh"], env=env) as screen, other(server, "waker") as waker:
        screen.wait_for("SHELL>")
        screen.enter(shlex.join([*PROGRAM, "join", server.address]))
        screen.wait_for(PROMPT)
        screen.type("PM half")
        screen.wait_for(f"{PROMPT} PM half")
        for n in (1, 2):
            screen.type(CTRL_Z)
            screen.wait_until(lambda: screen.lines[-1] == "SHELL>", "shell")
            waker.send(f"wake up {n}")
            screen.enter("fg")
            screen.wait_for(f"waker: wake up {n}")
            screen.wait_until(lambda: screen.lines[-1] == f"{PROMPT} PM half", "prompt")
        screen.enter("")
        screen.wait_for("you: half")
        screen.enter("EX")
        screen.wait_until(lambda: screen.lines[-1] == "SHELL>", "shell")
        assert "^Z" not in screen.text


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signals_leave(server: Server, number: int) -> None:
    with joined(server, "signalled") as screen:
        screen.signal(number)
        assert screen.wait_for_exit() == 0
        assert b"Traceback" not in screen.raw


@pytest.mark.parametrize("key", [CTRL_C, CTRL_D])
@pytest.mark.parametrize("question", ["Username:", "New password:"])
def test_keys_that_leave_before_the_login(server: Server, key: str, question: str) -> None:
    arguments = [] if question == "Username:" else ["--user", "undecided"]
    with Screen("join", server.address, *arguments) as screen:
        screen.wait_for(question)
        screen.type(key)
        assert screen.wait_for_exit() == 0


def test_a_server_that_goes_down_and_comes_back(tmp_path: Path) -> None:
    """The person is told both, what they say meanwhile arrives, and the talk goes on."""
    with Server(tmp_path / "room.db") as server:
        with joined(server, "patient") as screen:
            screen.enter("PM before")
            screen.wait_for("you: before")
            server.kill()
            screen.wait_for("The server is gone:")
            screen.enter("PM meanwhile")
            screen.wait_for("  ... meanwhile (sent when the server is back)")
            server.start()
            screen.wait_for("The server is back after")
            screen.wait_for("you: meanwhile")
            screen.wait_until(lambda: "..." not in screen.text, "nothing pending")
            assert screen.text.count("The server is gone:") == 1
            with other(server, "latecomer") as latecomer:
                latecomer.send("anybody here?")
                screen.wait_for("latecomer: anybody here?")
            server.restart()
            screen.wait_for("The server is back after", times=2)
            screen.enter("EX")
            assert screen.wait_for_exit() == 0
        assert b"Traceback" not in screen.raw


def test_leaving_while_the_server_is_gone(tmp_path: Path) -> None:
    """What was not sent is told, and nothing hangs."""
    with Server(tmp_path / "room.db") as server, joined(server, "hasty") as screen:
        server.stop()
        screen.wait_for("The server is gone:")
        screen.enter("PM into the void")
        screen.wait_for("  ... into the void (sent when the server is back)")
        screen.type(CTRL_D)
        assert screen.wait_for_exit() == 0
        assert "         into the void" in screen.lines


def test_no_server() -> None:
    with Peer() as nobody:
        nobody.stop_listening()
        with Screen("join", nobody.address, env=as_user("lonely")) as screen:
            assert screen.wait_for_exit() == 2
            assert screen.text.startswith("chatroom: ")
            assert b"Traceback" not in screen.raw


def test_nothing_that_comes_from_the_network_can_command_the_terminal() -> None:
    """A server that does not check what it hands on must not be able to either."""
    with Peer() as peer, Screen("join", peer.address, env=as_user("bob")) as screen:
        visitor = peer.accept()
        visitor.welcome("alice", "bob", "evil\x1b[2J")
        screen.wait_for(PROMPT)
        visitor.send(
            broadcast(1, "copy \x1b]52;c;aGk=\x07 that"),
            direct(1, "clear \x9b2J that"),
            broadcast(2, "turn \u202e that"),
            broadcast(3, "sign", sender="no\x1b[31mbody"),
            {"type": "update_users", "users": ["bob", "title\x1b]0;owned\x07"]},
            {"type": "error", "code": "internal", "message": "bell \x07 rings"},
        )
        screen.wait_for("copy ␛]52;c;aGk=␇ that")
        screen.wait_for("clear <U+009B>2J that")
        screen.wait_for("turn <U+202E> that")
        screen.wait_for("no␛[31mbody: sign")
        screen.wait_for("title␛]0;owned␇ came in.")
        screen.wait_for("bell ␇ rings")
        assert b"\x1b]" not in screen.raw
        assert b"\x07" not in screen.raw
        assert "\x9b".encode() not in screen.raw
        screen.enter("EX")
        visitor.say_bye()
        assert screen.wait_for_exit() == 0


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="threads are counted in /proc")
def test_the_client_has_two_threads(server: Server) -> None:
    """One for the person's input, one that listens."""
    with joined(server, "counted") as screen:
        assert len(list(Path(f"/proc/{screen.pid}/task").iterdir())) == 2
