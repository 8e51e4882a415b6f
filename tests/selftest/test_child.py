"""A process of the self-test ends when it is told to, and learns when the self-test has ended."""

import os
import signal
import sys
from pathlib import Path

import pytest

from chatroom.selftest.child import Child

DEADLINE = 20.0


def child(tmp_path: Path, program: str) -> Child:
    """Starts a Python program."""
    return Child((sys.executable, "-c", program), tmp_path / "log", {"CHATROOM_SERVER_PORT": "1"})


def all_of(output: int) -> str:
    """Returns all that a process prints until it ends."""
    text = b""
    while data := os.read(output, 4096):
        text += data
    return text.decode()


def test_it_prints_and_ends(tmp_path: Path) -> None:
    one = child(tmp_path, "print('hello'); raise SystemExit(5)")
    assert all_of(one.output) == "hello\n"
    assert one.wait(DEADLINE) == 5


def test_it_is_told_lines(tmp_path: Path) -> None:
    one = child(tmp_path, "print(input() + input())")
    one.tell("a")
    one.tell("b")
    assert all_of(one.output) == "ab\n"
    assert one.wait(DEADLINE) == 0


def test_one_that_has_ended_can_be_told_things(tmp_path: Path) -> None:
    one = child(tmp_path, "")
    assert all_of(one.output) == ""
    one.tell("still there?")
    assert one.wait(DEADLINE) == 0


def test_its_errors_go_behind_those_of_the_one_before(tmp_path: Path) -> None:
    for word in ("first", "second"):
        one = child(tmp_path, f"import sys; print('{word}', file=sys.stderr)")
        assert one.wait(DEADLINE) == 0
    assert (tmp_path / "log").read_text() == "first\nsecond\n"


def test_it_is_killed(tmp_path: Path) -> None:
    one = child(tmp_path, "input()")
    assert one.kill() == -signal.SIGKILL


def test_it_is_asked_to_end(tmp_path: Path) -> None:
    one = child(tmp_path, "input()")
    one.terminate()
    assert one.wait(DEADLINE) == -signal.SIGTERM


def test_one_that_does_not_end_is_killed(tmp_path: Path) -> None:
    one = child(tmp_path, "input()")
    assert one.wait(0.01) is None


def test_it_sees_no_settings_but_those_it_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHATROOM_USER", "alice")
    monkeypatch.setenv("ELSE", "kept")
    program = "import os; print(*sorted(n for n in os.environ if n.startswith(('CHAT', 'ELSE'))))"
    one = child(tmp_path, program)
    assert all_of(one.output) == "CHATROOM_SERVER_PORT ELSE\n"
    one.wait(DEADLINE)


def test_ctrl_c_on_the_terminal_is_not_for_it(tmp_path: Path) -> None:
    one = child(tmp_path, "import os; print(os.getpgid(0) == os.getpid())")
    assert all_of(one.output) == "True\n"
    one.wait(DEADLINE)


def test_a_program_that_is_not_there_leaves_nothing_open(tmp_path: Path) -> None:
    before = len(list(Path("/dev/fd").iterdir()))
    with pytest.raises(FileNotFoundError):
        Child(("/nowhere/to/be/found",), tmp_path / "log", {})
    assert len(list(Path("/dev/fd").iterdir())) == before
