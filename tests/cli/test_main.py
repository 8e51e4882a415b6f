import subprocess
import sys
import time

import pytest

from chatroom.cli.main import COMMANDS, main
from chatroom.version import VERSION
from tests.cli.command import run
from tests.serving import PROGRAM


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(["--version"])
    assert exit_.value.code == 0
    assert capsys.readouterr().out == f"chatroom {VERSION}\n"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_examples(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as exit_:
        main([command, "--help"])
    assert exit_.value.code == 0
    help_ = capsys.readouterr().out
    assert help_.startswith(f"usage: chatroom {command}")
    assert f"examples:\n  chatroom {command}" in help_


def test_the_help_lists_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    help_ = capsys.readouterr().out
    assert all(f"    {name}" in help_ for name in COMMANDS)
    assert "examples:" in help_


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ([], "say which command you want"),
        (["dance"], "invalid choice: 'dance'"),
        (["join", "a", "b"], "unrecognized arguments: b"),
        (["send", "--to"], "argument --to: expected one argument; see chatroom send --help"),
    ],
)
def test_a_mistake_is_told_in_one_sentence(
    words: list[str], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("chatroom: ")
    assert why in err
    assert err.count("\n") == 1


def test_the_program_starts_from_the_command_line() -> None:
    done = run("--version")
    assert (done.returncode, done.stdout) == (0, f"chatroom {VERSION}\n")


def test_nothing_heavy_is_imported_to_start() -> None:
    """What a command needs is imported when it runs, so that every start is quick."""
    code = (
        "import sys\n"
        "before = set(sys.modules)\n"  # those that measure coverage, for one
        "import chatroom.cli.main as m\n"
        "m.parser_for(['join', 'send', 'tail', 'serve'])\n"
        "print(*sorted(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    loaded = set(done.stdout.decode().split())
    assert not loaded & {"prompt_toolkit", "shtab", "asyncio", "sqlite3", "argon2"}


def test_an_output_that_nobody_reads_is_no_error() -> None:
    with subprocess.Popen(
        [*PROGRAM, "completion", "bash"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.wait(20) == 0
        assert process.stderr.read() == b""


def test_ctrl_c_has_its_usual_status(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("chatroom.cli.completion.run", interrupt)
    assert main(["completion", "bash"]) == 130


def test_the_start_is_quick() -> None:
    """A generous limit: what counts is that nobody makes it ten times slower unnoticed."""

    def seconds() -> float:
        begin = time.perf_counter()
        subprocess.run([*PROGRAM, "--version"], check=True)
        return time.perf_counter() - begin

    assert min(seconds() for _ in range(5)) < 0.5
