"""The server under test: killed, started again, and told of when it is not as it should be."""

import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatroom.selftest import server as module
from chatroom.selftest.server import SERVE, Server, ServerFailed


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A server that is not started yet."""
    one = Server(SERVE, tmp_path / "room.db", tmp_path / "log")
    yield one
    one.kill()


def program(text: str) -> tuple[str, ...]:
    """Returns a command that is no server."""
    return (sys.executable, "-c", text)


def test_it_starts_on_any_port_and_then_on_the_same(server: Server) -> None:
    assert server.start()
    port = server.port
    socket.create_connection(("127.0.0.1", port)).close()
    assert server.kill() is not None
    assert server.output == -1
    assert server.start()
    assert server.port == port
    server.stop()
    assert server.output == -1


def test_what_does_not_run_can_be_killed_and_stopped(server: Server) -> None:
    assert server.kill() is None
    server.stop()


def test_one_that_does_not_start_is_told_with_its_log(tmp_path: Path) -> None:
    one = Server(program("raise SystemExit('no')"), tmp_path / "room.db", tmp_path / "log")
    with pytest.raises(ServerFailed, match=r"did not start \(status 1\); .*log says why"):
        one.start()
    assert (tmp_path / "log").read_text() == "no\n"


def test_one_that_says_nothing_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "START_SECONDS", 0.1)
    one = Server(program("input()"), tmp_path / "room.db", tmp_path / "log")
    with pytest.raises(ServerFailed, match="did not start"):
        one.start()


BANNER = "print(' join x:1', flush=True); import signal, time; "


def test_one_that_does_not_end_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STOP_SECONDS", 0.1)
    deaf = "signal.signal(signal.SIGTERM, signal.SIG_IGN); " + BANNER + "time.sleep(60)"
    one = Server(program("import signal; " + deaf), tmp_path / "room.db", tmp_path / "log")
    assert one.start()
    with pytest.raises(ServerFailed, match=r"did not end within 0\.1 seconds"):
        one.stop()


def test_one_that_ends_with_a_fault_is_told(tmp_path: Path) -> None:
    faulty = "signal.signal(signal.SIGTERM, lambda *_: sys.exit(3)); " + BANNER + "time.sleep(60)"
    one = Server(program("import signal, sys; " + faulty), tmp_path / "room.db", tmp_path / "log")
    assert one.start()
    with pytest.raises(ServerFailed, match=r"ended with status 3"):
        one.stop()


def test_the_start_can_be_interrupted(tmp_path: Path) -> None:
    waiting, telling = os.pipe()
    try:
        one = Server(program("input()"), tmp_path / "room.db", tmp_path / "log", waiting)
        os.write(telling, b"\x02")
        assert not one.start()
        assert one.kill() is not None
    finally:
        os.close(waiting)
        os.close(telling)
