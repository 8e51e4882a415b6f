"""`chatroom selftest` as a person runs it."""

import re
import select
import signal
import threading
from pathlib import Path

import pytest

from chatroom.cli.main import INTERRUPTED, USAGE, main
from chatroom.cli.selftest import FAULTY
from chatroom.selftest import run as module
from chatroom.selftest.findings import Findings, Kind
from chatroom.selftest.outcome import Interrupted, Outcome, Turmoil
from chatroom.selftest.server import ServerFailed
from tests.cli.command import start
from tests.cli.screen import CTRL_C, Screen
from tests.selftest.processes import processes_of

SHORT = ("selftest", "--minutes", "0.1", "--kills", "3", "--clients", "4", "--seed", "1")
LONG = ("selftest", "--minutes", "20", "--kills", "100", "--clients", "4")
LIMIT = 100.0
"""Seconds after which a whole run has failed, on a busy machine."""


def test_it_reports_and_leaves_nothing_behind(tmp_path: Path) -> None:
    process = start(*SHORT, env={"TMPDIR": str(tmp_path)})
    output, errors = process.communicate(timeout=LIMIT)
    text = output.decode()
    assert process.returncode == 0, text
    assert errors == b""
    assert text.startswith("chatroom selftest --minutes 0.1 --kills 3 --clients 4 --seed 1\n")
    assert re.search(r"^ +\d+% \w+.*: server killed", text, re.MULTILINE)
    assert re.search(
        r"^  server killed +[123] times?, back after \d+\.\d s at most$", text, re.MULTILINE
    )
    for kind in Kind:
        assert re.search(rf"^  {kind.value} +0$", text, re.MULTILINE)
    assert "Every confirmed message reached everybody once and in order.\n" in text
    assert list(tmp_path.iterdir()) == []
    assert processes_of(tmp_path) == []


def test_a_terminal_shows_a_bar(tmp_path: Path) -> None:
    with Screen(*SHORT, env={"TMPDIR": str(tmp_path)}) as screen:
        screen.wait_until(lambda: bool(re.search(r"\[=*>? +\] +\d+\.\d%", screen.text)), "bar")
        screen.wait_for("breaking things: server killed")
        screen.wait_for("unknown               0")
        assert screen.wait_for_exit() == 0
        assert "WARNING" not in screen.text
        assert "100.0%" in screen.text


def test_ctrl_c_ends_every_process(tmp_path: Path) -> None:
    with Screen(*LONG, env={"TMPDIR": str(tmp_path)}) as screen:
        screen.wait_for("breaking things: server killed")
        assert len(processes_of(tmp_path)) >= 4
        screen.type(CTRL_C)
        assert screen.wait_for_exit() == INTERRUPTED
    assert processes_of(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_every_process(number: signal.Signals, tmp_path: Path) -> None:
    """Also while it starts."""
    with start(*LONG, env={"TMPDIR": str(tmp_path)}) as process:
        assert process.stdout is not None
        assert b"--seed" in process.stdout.readline()
        assert b"starting" in process.stdout.readline()
        process.send_signal(number)
        assert process.wait(LIMIT) == INTERRUPTED
    assert processes_of(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["--minutes", "0"], "--minutes is more than 0"),
        (["--minutes", "1e9"], "at most 1440"),
        (["--kills", "121"], "--kills is 0 to 120 in that time"),
        (["--kills", "-1"], "--kills is 0 to 120 in that time"),
        (["--clients", "1"], "--clients is 2 to 200"),
        (["--clients", "201"], "--clients is 2 to 200"),
        (["--seed", "x"], "invalid int value"),
    ],
)
def test_what_cannot_be_done_is_refused(
    words: list[str], hint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["selftest", *words]) == USAGE
    assert hint in capsys.readouterr().err


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary folders are made."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


def test_a_fault_is_status_1_and_its_folder_is_kept(
    folders: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(*_: object, **__: object) -> Outcome:
        findings = Findings()
        findings.fault(Kind.LOST, "one is in no log.")
        return Outcome(Turmoil(), findings)

    monkeypatch.setattr(module, "run", run)
    assert main(["selftest", "--seed", "3"]) == FAULTY
    [kept] = folders.iterdir()
    output = capsys.readouterr().out
    assert "Lost:\n  one is in no log.\n" in output
    assert f"All that was written down is in {kept}.\n" in output
    assert output.endswith(
        "The same again: chatroom selftest --minutes 1 --kills 20 --clients 20 --seed 3\n"
    )


@pytest.mark.parametrize("failure", [ServerFailed("No server."), OSError(24, "Too many files")])
def test_what_cannot_run_is_status_2(
    failure: Exception,
    folders: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Its folder is kept too, for the log of the server is in it."""

    def run(*_: object, **__: object) -> Outcome:
        raise failure

    monkeypatch.setattr(module, "run", run)
    assert main(["selftest"]) == USAGE
    assert f"chatroom: the self-test could not run: {failure}" in capsys.readouterr().err
    assert len(list(folders.iterdir())) == 1


def test_a_thread_that_fails_ends_it(
    folders: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(*_: object, interrupt: int, **__: object) -> Outcome:
        def fail() -> None:
            raise ValueError("a fault of ours")

        threading.Thread(target=fail, name="proxy").start()
        assert select.select([interrupt], [], [], LIMIT)[0]
        raise Interrupted

    monkeypatch.setattr(module, "run", run)
    assert main(["selftest"]) == USAGE
    assert "could not run: The thread proxy failed" in capsys.readouterr().err
    assert len(list(folders.iterdir())) == 1


def test_every_run_has_a_seed_of_its_own(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(module, "run", lambda *_, **__: Outcome(Turmoil(), Findings()))
    seeds = set()
    for _ in range(5):
        assert main(["selftest"]) == 0
        seeds.add(capsys.readouterr().out.splitlines()[0].split()[-1])
    assert len(seeds) > 1
