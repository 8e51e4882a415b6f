"""Servers start in a folder of their own and end with the block, whatever happens in it."""

import os
import socket
from pathlib import Path

import pytest

from benchmarks.load.station import LoadFailed
from benchmarks.servers.own import Chatroom, PythonLoop
from benchmarks.servers.recipe import Recipe
from benchmarks.servers.running import NotStarted, running
from tests.benchmarks.servers.scripts import Script


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_server_accepts_and_ends_with_the_block() -> None:
    with running(PythonLoop()) as server:
        socket.create_connection(("127.0.0.1", server.port), timeout=5).close()
        assert server.start_seconds > 0
        assert server.memory().rss > 1000
        assert server.folder.is_dir()
    assert not is_running(server.pid)
    assert not server.folder.exists()


def test_a_folder_that_is_given_is_left(tmp_path: Path) -> None:
    with running(Chatroom(), data=tmp_path) as server:
        assert server.folder == tmp_path
    assert (tmp_path / "chatroom.db").is_file()


def test_one_that_does_not_start_is_quoted() -> None:
    with (
        pytest.raises(NotStarted, match="no port today"),
        running(Script("import sys; sys.exit('no port today')")),
    ):
        pass


def test_one_that_ends_meanwhile_is_quoted() -> None:
    dies = (
        "import socket; s = socket.create_server(('127.0.0.1', PORT)); s.accept(); s.accept();"
        " raise SystemExit('I am off')"
    )
    with pytest.raises(LoadFailed, match="I am off"):
        see_it_end(Script(dies))


def see_it_end(recipe: Recipe) -> None:
    with running(recipe) as server:
        with socket.create_connection(("127.0.0.1", server.port), timeout=5) as sock:
            assert sock.recv(1) == b""
        raise LoadFailed("c0 was cut off.")


def test_one_that_does_not_want_to_end_is_ended() -> None:
    stubborn = (
        "import signal, socket; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        " s = socket.create_server(('127.0.0.1', PORT)); import time; time.sleep(600)"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("benchmarks.servers.running.STOP_SECONDS", 0.1)
        with running(Script(stubborn)) as server:
            pass
    assert not is_running(server.pid)


def test_settings_of_whoever_measures_do_not_reach_the_server(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CHATROOM_LIMITS_MESSAGES_PER_SECOND", "nonsense")
    with running(Chatroom(), in_memory=True):
        pass
