"""Each target takes inputs, and finds a fault that is there and none that is not."""

import importlib.util
import json
import mmap
import time
from pathlib import Path
from typing import Any

import pytest

from chatroom.auth import administration
from chatroom.log.committer import Job
from chatroom.protocol import events
from chatroom.protocol.frames import FrameDecoder
from chatroom.server.batch import Batch
from chatroom.server.outbox import Outbox
from chatroom.server.tickets import Answer
from chatroom.server.tls_channel import TlsChannel
from chatroom.ui.sanitize import clean
from fuzzing import blind, guided
from fuzzing.__main__ import main
from fuzzing.found import Find, all_found, keep
from fuzzing.mutator import Mutator
from fuzzing.report import Report
from fuzzing.target import Fault
from fuzzing.targets import NAMES, load

INPUTS = {"connection": 150, "tls": 100, "web": 150, "settings": 500}
"""How many take about half a second, where it is not a thousand."""

GUIDED = importlib.util.find_spec("atheris") is not None


@pytest.mark.parametrize("name", NAMES)
def test_a_short_run_finds_nothing(name: str, tmp_path: Path) -> None:
    report = blind.run(name, INPUTS.get(name, 1000), 7, tmp_path)
    assert report.good, report
    assert report.inputs == INPUTS.get(name, 1000)


@pytest.mark.parametrize("name", NAMES)
def test_what_the_inputs_are_made_of_finds_nothing(name: str) -> None:
    target = load(name)
    for seed in target.seeds:
        target.run(seed)


@pytest.mark.parametrize(
    "find", list(all_found()), ids=lambda find: f"{find.target}-{find.path.name}"
)
def test_what_was_found_once_is_found_no_more(find: Find) -> None:
    load(find.target).run(find.path.read_bytes())


@pytest.mark.skipif(not GUIDED, reason="atheris is not to be had here")
@pytest.mark.parametrize("name", ["decoder", "connection"])
def test_a_short_guided_run_counts_edges(name: str, tmp_path: Path) -> None:
    report = guided.run(name, 300, 7, tmp_path / "found", tmp_path / "corpus" / name)
    assert report.good, report
    assert report.inputs >= 300
    assert report.covered
    assert report.covered[1] >= report.covered[0] > 0


@pytest.mark.skipif(not GUIDED, reason="atheris is not to be had here")
def test_a_guided_run_keeps_what_finds_a_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a program that fails in the process that follows the coverage."""
    (tmp_path / "sitecustomize.py").write_text(
        "import secrets\nsecrets.choice = lambda _: {}['nothing']\n", encoding="utf-8"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    report = guided.run("control", 1000, 7, tmp_path / "found", tmp_path / "corpus" / "control")
    assert not report.good
    (found,) = report.found
    assert Path(found).parent == tmp_path / "found" / "control"
    assert Path(found).name.startswith("crash-")


class Forgetful(FrameDecoder):
    """Gives out one frame of what it is fed, so that it matters how a stream is split."""

    def feed(self, data: bytes) -> list[Any]:
        """Take the next bytes."""
        return super().feed(data)[:1]


def broken(name: str, patch: pytest.MonkeyPatch) -> None:
    """Puts a fault into what a target looks at."""

    def fail(*_: object, **__: object) -> Any:
        raise KeyError("on purpose")

    def as_it_is(text: str) -> str:
        return text

    match name:
        case "decoder":
            patch.setattr("fuzzing.targets.decoder.FrameDecoder", Forgetful)
        case "connection":
            patch.setattr(events, "active_users", fail)
        case "tls":
            patch.setattr(TlsChannel, "_decrypt", fail)
        case "web":
            patch.setattr("chatroom.web.websocket._head", lambda _: b"\x81\x00")
        case "client":
            patch.setattr("chatroom.ui.render.clean", as_it_is)
        case "screen":
            patch.setattr("fuzzing.targets.screen.clean", as_it_is)
        case "control":
            patch.setitem(administration.ACTIONS, "users_list", fail)
        case _:
            patch.setattr("chatroom.config._check", fail)


@pytest.mark.parametrize("name", NAMES)
def test_a_fault_that_is_there_is_found(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        broken(name, patch)
        report = blind.run(name, INPUTS.get(name, 1000), 7, tmp_path)
        assert report.found
        with pytest.raises(Exception, match=r"."):
            load(name).run(Path(report.found[0]).read_bytes())
    load(name).run(Path(report.found[0]).read_bytes())


def _forget(batch: Batch, frame: bytes) -> None:
    del batch, frame


def _say_twice(batch: Batch, frame: bytes) -> None:
    for _ in range(2):
        answer = Answer(batch._outbox, frame)
        batch.put(Job(answer), answer.weight)


def _leave_open(outbox: Outbox) -> None:
    del outbox


@pytest.mark.parametrize(
    ("patched", "wrong", "what"),
    [
        ("chatroom.server.batch.Batch.answer", _forget, "'type': 'bye'"),
        ("chatroom.server.batch.Batch.answer", _say_twice, "active_users"),
        ("chatroom.server.outbox.Outbox.close", _leave_open, "a socket is left"),
        ("chatroom.protocol.events.broadcast", lambda *_: b"", "'seq': 2"),
    ],
    ids=["a reply is missing", "a reply comes twice", "a socket is left", "a message is missing"],
)
def test_a_server_that_does_not_what_it_should_is_found(
    patched: str, wrong: Any, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patched, wrong)
    target = load("connection")
    with pytest.raises(Fault) as caught:
        target.run(target.seeds[0])
    assert what in str(caught.value.__cause__ or caught.value)


def test_an_input_that_takes_too_long_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even where the program takes every exception for one of its own."""

    def hang(text: str) -> str:
        while True:
            try:
                time.sleep(1)
            except Exception:  # noqa: BLE001 - that is the point
                return text

    monkeypatch.setattr("fuzzing.targets.screen.clean", hang)
    monkeypatch.setattr(blind, "HANG_SECONDS", 0.05)
    report = blind.run("screen", 3, 7, tmp_path)
    (found,) = report.found
    assert Path(found).name.startswith("timeout-")


def test_an_input_that_has_only_waited_for_its_turn_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits = iter([1.0])

    def wait(text: str) -> str:
        time.sleep(next(waits, 0.0))
        return clean(text)

    monkeypatch.setattr("fuzzing.targets.screen.clean", wait)
    monkeypatch.setattr(blind, "HANG_SECONDS", 0.2)
    assert blind.run("screen", 3, 7, tmp_path).good
    assert next(waits, None) is None


def taken(size: int) -> mmap.mmap:
    """Take memory from the system, and none that the allocator has left over."""
    memory = mmap.mmap(-1, size)
    memory.write(b"x" * size)
    return memory


def test_memory_that_grows_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However much the process has had before."""
    taken(200_000_000).close()
    kept: list[mmap.mmap] = []

    def hoard(text: str) -> str:
        kept.append(taken(100_000))
        return text

    monkeypatch.setattr("fuzzing.targets.screen.clean_json", hoard)
    monkeypatch.setattr("fuzzing.targets.screen.json.loads", lambda _: {})
    monkeypatch.setattr("fuzzing.targets.screen.json.dumps", lambda _: "")
    monkeypatch.setattr("fuzzing.targets.screen.harmless", lambda _: None)
    monkeypatch.setattr(blind, "LEAK_KIB", 1024)
    report = blind.run("screen", 500, 7, tmp_path)
    assert report.complaint == "the memory grows"
    assert not report.good


def test_the_same_seed_makes_the_same_inputs() -> None:
    def some(seed: int) -> list[bytes]:
        mutator = Mutator([b"one", b"a longer one", b""], [b"token"], 40, seed)
        return [mutator.next() for _ in range(200)]

    assert some(7) == some(7)
    assert some(7) != some(8)
    assert max(map(len, some(7))) <= 40
    assert any(b"token" in data for data in some(7))


def test_the_command_line_reports_and_replays(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--target", "control", "--inputs", "100", "--seed", "3", "--engine", "blind"]
    folders = ["--found", str(tmp_path / "found"), "--work", str(tmp_path)]
    assert main(words + folders) == 0
    assert capsys.readouterr().out.startswith("control (blind): 100 inputs in ")
    kept = keep("control", "crash", json.dumps({"command": "users_list"}).encode(), tmp_path)
    assert [find.path for find in all_found(tmp_path)] == [kept]
    assert main(["--target", "control", "--replay", str(kept)]) == 0
    assert capsys.readouterr().out == "1 inputs find nothing.\n"


def test_a_report_is_one_line() -> None:
    report = Report("decoder", "guided", 2000, 4.0, 12, ("a/crash-1",), (10, 20), "odd")
    assert str(report) == (
        "decoder (guided): 2,000 inputs in 4 s; 500 a second; memory +12 KiB;"
        " edges 10 -> 20; found 1: a/crash-1; odd"
    )
