"""Whole self-tests: a sound server passes, and each of four broken ones is caught."""

import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatroom.log.base import StoreError
from chatroom.log.verifying import Report
from chatroom.selftest import run as module
from chatroom.selftest.findings import Kind
from chatroom.selftest.outcome import Interrupted, Outcome, Progress
from chatroom.selftest.plan import Settings
from chatroom.selftest.proxy import THREAD_NAME
from chatroom.selftest.records import Logs
from chatroom.selftest.run import run
from chatroom.selftest.server import SERVE, ServerFailed
from tests.selftest.processes import processes_of

SHORT = Settings(seconds=5, kills=6, clients=4, seed=1)
"""What a sound server passes, and no broken one does."""

BROKEN = (sys.executable, str(Path(__file__).with_name("broken_server.py")))


@pytest.fixture(autouse=True)
def _nothing_is_left(tmp_path: Path) -> Iterator[None]:
    """However a self-test ends, no process and no thread of it goes on."""
    yield
    assert processes_of(tmp_path) == []
    assert THREAD_NAME not in {thread.name for thread in threading.enumerate()}


def described(outcome: Outcome) -> str:
    """Returns all that was found, for whoever reads why a test failed."""
    return f"{outcome.findings.examples} {outcome.findings.restless} {outcome.turmoil.troubles}"


def test_a_sound_server_passes(tmp_path: Path) -> None:
    told: list[Progress] = []
    outcome = run(SHORT, tmp_path, tell=told.append)
    assert outcome.sound, described(outcome)
    assert 2 < outcome.turmoil.kills <= 6  # on a busy machine there is no time for all
    assert 0 < outcome.turmoil.falls <= 3
    assert outcome.turmoil.cuts > 0
    assert outcome.turmoil.returns > 6
    assert 0 < outcome.turmoil.longest_recovery < 30
    assert outcome.findings.confirmed > 50
    assert outcome.findings.direct > 0
    assert outcome.findings.replayed > 0
    assert outcome.findings.deliveries > outcome.findings.confirmed
    assert told[0].phase == "starting"
    assert told[-1].phase == "checking"
    assert told[-1].done == 1.0
    assert told[-1].kills == outcome.turmoil.kills
    assert 0 < told[-1].confirmed <= outcome.findings.confirmed


@pytest.mark.parametrize(
    ("fault", "kinds"),
    [
        ("confirms-before-commit", {Kind.LOST}),
        ("forgets-the-id", {Kind.DOUBLED}),
        ("delivers-before-commit", {Kind.MISPLACED, Kind.UNKNOWN, Kind.DOUBLED}),
        ("drops-on-resume", {Kind.LOST}),
    ],
)
def test_a_broken_server_is_caught(fault: str, kinds: set[Kind], tmp_path: Path) -> None:
    outcome = run(SHORT, tmp_path, command=(*BROKEN, fault))
    assert not outcome.sound
    assert sum(outcome.findings.faults[kind] for kind in kinds) > 0, described(outcome)


def test_a_server_that_does_not_start_is_no_test(tmp_path: Path) -> None:
    with pytest.raises(ServerFailed, match="did not start"):
        run(SHORT, tmp_path, command=(*SERVE, "--no-such-option"))


def test_a_server_that_lets_nobody_in_is_no_test(tmp_path: Path) -> None:
    """The clients give up, and so does the self-test."""
    config = tmp_path / "config.toml"
    config.write_text('auth.registration = "closed"\n')
    with pytest.raises(ServerFailed, match=r"client0\d ended by itself"):
        run(SHORT, tmp_path, command=(*SERVE, "--config", str(config)))


def test_a_server_that_ends_by_itself_is_named(tmp_path: Path) -> None:
    """It is started again, and what was said is looked at all the same."""
    settings = Settings(seconds=3, kills=0, clients=2, seed=1)
    outcome = run(settings, tmp_path, command=(*BROKEN, "dies-once"))
    assert not outcome.sound
    assert outcome.findings.sound, described(outcome)
    [trouble] = outcome.turmoil.troubles
    assert trouble.startswith("The server ended by itself (status 3); ")
    assert outcome.findings.confirmed > 20


def test_a_log_that_is_not_as_it_was_written_is_a_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable(_: Path) -> Logs:
        raise StoreError("The disk is gone.")

    monkeypatch.setattr(module, "verify", lambda _: Report(faults=["a hash is wrong"]))
    monkeypatch.setattr(module, "read_logs", unreadable)
    outcome = run(Settings(seconds=0.1, kills=0, clients=2, seed=1), tmp_path)
    assert not outcome.sound
    assert outcome.turmoil.troubles == [
        "The log is not as it was written: a hash is wrong.",
        "The log cannot be read: The disk is gone.",
    ]


def test_it_can_be_interrupted(tmp_path: Path) -> None:
    waiting, telling = os.pipe()
    try:

        def tell(progress: Progress) -> None:
            if progress.kills == 1:
                os.write(telling, b"\x02")

        with pytest.raises(Interrupted):
            run(SHORT, tmp_path, interrupt=waiting, tell=tell)
    finally:
        os.close(waiting)
        os.close(telling)
