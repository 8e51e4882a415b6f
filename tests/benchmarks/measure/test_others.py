"""The scenarios that only chatroom goes through, in small."""

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from benchmarks.load.crew import Crew
from benchmarks.load.station import LoadFailed
from benchmarks.measure import filled, idle, library, player, resume, start
from benchmarks.scenarios import Idle, Library, Resume, Start
from benchmarks.servers.own import Chatroom
from chatroom.log.base import ROOM
from chatroom.log.sqlite import SqliteStore
from chatroom.protocol.frames import FrameDecoder


@pytest.fixture(scope="module")
def crew() -> Iterator[Crew]:
    with Crew(2) as crew:
        yield crew


@pytest.fixture(autouse=True)
def _work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filled, "WORK", tmp_path)


def test_idle_connections_are_weighed(crew: Crew) -> None:
    scenario = Idle(name="a", title="A", clients=40, seconds=0.1)
    figures = idle.measure(scenario, Chatroom(), crew).figures
    assert 1 < figures["kib_per_connection"] < 2000
    assert 0 <= figures["idle_cpu_s"] < 1
    assert 0 < figures["login_s"] < 20


def test_everyone_catches_up_while_others_talk(crew: Crew) -> None:
    scenario = Resume(
        name="a", title="A", returning=8, missed=300, staying=5, rate=100, seconds=0.4
    )
    figures = resume.measure(scenario, Chatroom(), crew).figures
    assert 0 < figures["caught_up_s"] < 20
    ratio = figures["live_p99_ms"] / figures["live_p99_before_ms"]
    assert figures["live_p99_ratio"] == pytest.approx(ratio)


def test_a_log_is_filled_once(tmp_path: Path) -> None:
    folder = filled.filled(2500)
    made = (folder / "chatroom.db").stat().st_mtime_ns
    assert filled.filled(2500) == folder
    assert (folder / "chatroom.db").stat().st_mtime_ns == made
    assert [path.name for path in tmp_path.iterdir()] == [folder.name]
    store = SqliteStore(folder / "chatroom.db")
    try:
        assert store.head(ROOM) == 2500
        assert len(store.read(ROOM, 2490, 100)) == 10
    finally:
        store.close()


def test_a_server_starts_with_a_log_that_is_full() -> None:
    scenario = Start(name="a", title="A", messages=1000)
    figures = start.measure(scenario, Chatroom()).figures
    assert 10 < figures["start_ms"] < 20_000


def test_the_library_reads_what_is_played() -> None:
    figures = library.measure(Library(name="a", title="A", messages=20_000)).figures
    assert figures["messages_per_s"] > 100
    assert figures["reader_cpu_us"] > 0


def test_what_is_played_is_what_the_server_says() -> None:
    frames = FrameDecoder(1 << 20).feed(b"".join(player.chunks(2500, 80)))
    assert [frame["seq"] for frame in frames if isinstance(frame, dict)] == list(range(1, 2501))


def test_a_reader_that_does_not_get_all_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    start_really = library.started

    def play_less(
        module: str, words: Sequence[str]
    ) -> "AbstractContextManager[subprocess.Popen[str]]":
        return start_really(module, ["100", "80"] if module == "player" else words)

    monkeypatch.setattr(library, "started", play_less)
    monkeypatch.setattr(library, "SECONDS", 2.0)
    with pytest.raises(LoadFailed, match="in 2 s"):
        library.measure(Library(name="a", title="A", messages=4000))
