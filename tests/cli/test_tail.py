import json
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from chatroom.client.connect import connect
from chatroom.client.events import UsersChanged
from tests.cli.command import DEADLINE, as_user, run, start
from tests.client.peer import Events, Peer
from tests.serving import Server


@contextmanager
def tailing(server: Server, name: str, *arguments: str) -> Iterator["subprocess.Popen[bytes]"]:
    """`chatroom tail` as somebody who is in the room by now."""
    seen = Events()
    with connect(server.address, username="t-watcher", password="pw", on_event=seen):
        process = start("tail", "--server", server.address, *arguments, env=as_user(name))
        with process:
            try:
                while name not in seen.wait_for(UsersChanged).users:
                    pass
                yield process
            finally:
                process.kill()


def test_what_is_said_is_printed_as_it_stands_on_the_wire(server: Server) -> None:
    with tailing(server, "t-one", "--count", "2") as process:
        with connect(server.address, username="t-talker", password="pw") as talker:
            public = talker.send("Grüße\nalle")
            private = talker.send_to("t-one", "psst")
        out, err = process.communicate(timeout=DEADLINE)
    assert (process.returncode, err) == (0, b"")
    first, second = map(json.loads, out.decode().splitlines())
    assert "Grüße" in out.decode()
    assert first == {
        "type": "broadcast",
        "from": "t-talker",
        "message": "Grüße\nalle",
        "seq": public.seq,
        "prev": public.seq - 1,
        "epoch": public.epoch,
        "ts": public.ts,
    }
    assert (second["type"], second["to"], second["seq"]) == ("direct_message", "t-one", private.seq)


def test_each_line_comes_at_once(server: Server) -> None:
    with (
        tailing(server, "t-two") as process,
        connect(server.address, username="t-talker", password="pw") as talker,
    ):
        assert process.stdout is not None
        for text in ("one", "two"):
            talker.send(text)
            assert json.loads(process.stdout.readline())["message"] == text
        process.send_signal(signal.SIGINT)
        assert process.wait(DEADLINE) == 0


def test_a_reader_who_has_had_enough_ends_it_quietly(server: Server) -> None:
    with (
        tailing(server, "t-three") as process,
        connect(server.address, username="t-talker", password="pw") as talker,
    ):
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        talker.send("into the void")
        assert process.wait(DEADLINE) == 0
        assert process.stderr.read() == b""


def test_a_line_that_is_gone_for_good_is_told() -> None:
    with Peer() as peer:
        process = start("tail", "--server", peer.address, env=as_user("bob"))
        with process:
            visitor = peer.accept()
            visitor.welcome("bob")
            visitor.send({"type": "bye", "reason": "exit", "reconnect": False, "after_ms": 0})
            _, err = process.communicate(timeout=DEADLINE)
    assert process.returncode == 2
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize("count", ["0", "-1", "many"])
def test_a_count_is_at_least_one(count: str) -> None:
    done = run("tail", f"--count={count}")
    assert done.returncode == 2
    assert "argument --count" in done.stderr
