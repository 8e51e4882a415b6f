"""`chatroom serve`, as a process."""

import contextlib
import os
import re
import resource
import signal
import socket
import sqlite3
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from chatroom.ui.sanitize import clean
from chatroom.version import VERSION
from tests.cli.command import run
from tests.conversation import Client
from tests.serving import DEADLINE, Server, environment

BIN = Path(sys.executable).parent
"""Where the installed program is."""

CHEAP = {"CHATROOM_AUTH_ARGON2_TIME_COST": "1", "CHATROOM_AUTH_ARGON2_MEMORY_KIB": "8"}


def client_of(server: Server, name: str) -> Client:
    """Return a client that is logged in."""
    client = Client(("127.0.0.1", server.port))
    client.login(name)
    return client


def refused(*arguments: str, **env: str) -> str:
    """See that the server does not start; return the one sentence that says why."""
    done = run("serve", *arguments, env=env)
    assert (done.returncode, done.stdout) == (2, ""), done
    (sentence,) = done.stderr.splitlines()
    assert sentence.startswith("chatroom: ")
    return sentence.removeprefix("chatroom: ")


def test_the_banner_says_all_that_one_needs(tmp_path: Path) -> None:
    data = tmp_path / "room.db"
    with Server(data) as server:
        first, browser, second, third = server.banner.splitlines()
        assert first == f"chatroom {VERSION} listens on 127.0.0.1:{server.port}"
        assert browser == f"  browser  http://127.0.0.1:{server.port}/"
        assert second == f"  data     {data}"
        assert re.fullmatch(rf"  join     \S+ join 127.0.0.1:{server.port}", third)
        client_of(server, "bob").close()


def test_a_server_for_everybody_is_joined_from_here_by_a_near_address() -> None:
    with Server(":memory:", "--host", "0.0.0.0") as server:  # noqa: S104 - that is the point
        first, browser, second, third, fourth = server.banner.splitlines()
        assert first.endswith(f" listens on 0.0.0.0:{server.port}")
        assert browser == f"  browser  https://127.0.0.1:{server.port}/"
        assert "in memory" in second
        assert third.startswith("  tls      sha256:")
        assert fourth.endswith(f" join --tls 127.0.0.1:{server.port}")


def test_an_address_of_the_newer_kind_is_written_in_brackets() -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6")
    with Server(":memory:", "--host", "::1") as server:
        assert f"listens on [::1]:{server.port}\n" in server.banner


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_it_and_all_clients_are_told(number: int, tmp_path: Path) -> None:
    with Server(tmp_path / "room.db") as server:
        with client_of(server, "bob") as bob, client_of(server, "alice") as alice:
            assert bob.ask("PM", message="hello")["type"] == "confirmation"
            os.kill(server.pid, number)
            assert alice.news("broadcast")
            for client in (bob, alice):
                bye = client.news("bye")
                assert (bye["reason"], bye["reconnect"]) == ("shutting_down", True)
                with pytest.raises(EOFError):
                    client.read()
        assert server.stop() == 0
    assert {file.name for file in tmp_path.iterdir()} == {"room.db", "room.db.lock"}


def test_a_port_that_is_taken_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        sentence = refused("--port", port, "--data", ":memory:")
    assert sentence == (
        f"cannot listen on 127.0.0.1:{port}: Address already in use; "
        "choose another --host or --port, or stop what listens there"
    )


@pytest.mark.parametrize(
    "host", ["256.256.256.256", "no..host", "x" * 70, "h\u00f6st\u200b.invalid"]
)
def test_a_host_that_is_none_is_named(host: str) -> None:
    sentence = refused("--host", host, "--port", "0", "--data", ":memory:")
    assert sentence.startswith(f"cannot listen on {clean(host)}:0: ")


def test_a_second_server_on_the_same_data_is_refused(tmp_path: Path) -> None:
    data = tmp_path / "room.db"
    with Server(data) as server:
        sentence = refused("--port", "0", "--data", str(data))
        assert sentence == (
            f"{data} is in use by another chatroom; stop that one or choose another --data."
        )
        client_of(server, "bob").close()


def test_data_that_cannot_be_used_are_named(tmp_path: Path) -> None:
    letters = tmp_path / "letters"
    letters.write_text("These are my letters. " * 1000)
    assert refused("--port", "0", "--data", str(letters)).startswith(f"{letters} cannot be used: ")
    other = tmp_path / "other.db"
    with contextlib.closing(sqlite3.connect(other)) as connection:
        connection.execute("CREATE TABLE recipes (name TEXT)")
    sentence = refused("--port", "0", "--data", str(other))
    assert sentence == (
        f"{other} cannot be used: it is the database of another program; choose another path."
    )
    below = letters / "room.db"
    assert refused("--port", "0", "--data", str(below)).startswith(f"{below} cannot be opened: ")
    lost = "~nobody-here/room.db"
    assert refused("--port", "0", "--data", lost).startswith(f"{lost} cannot be found: ")
    long = tmp_path / ("x" * 150)
    assert refused("--port", "0", "--data", str(long)).startswith(f"{long}.sock cannot be made: ")


def test_a_wrong_configuration_is_named(tmp_path: Path) -> None:
    file = tmp_path / "chat.toml"
    assert refused("--config", str(file)) == f"{file} cannot be read: No such file or directory."
    file.write_text("[server]\nprot = 1\n")
    sentence = f"{file}: there is no key 'server.prot'; take it out or correct it."
    assert refused("--config", str(file)) == sentence
    assert refused("--port", "70000") == (
        "The command line: the key 'server.port' is wrong: expected int <= 65535."
    )
    assert refused("--port", "many").startswith("argument --port: invalid int value: 'many'")
    assert refused(CHATROOM_LIMITS_CONNECTIONS="-1").startswith("CHATROOM_LIMITS_CONNECTIONS: ")
    file.write_text('[server]\ndata = "a\\u0000b"\n')
    assert refused("--config", str(file)).startswith(f"{file}: the key 'server.data' is wrong: ")


def test_what_is_in_force_can_be_printed(tmp_path: Path) -> None:
    file = tmp_path / "chat.toml"
    file.write_text("[limits]\nmessage_bytes = 100\nconnections = 5\n")
    done = run(
        *("serve", "--config", str(file), "--port", "4000", "--print-config"),
        env={"CHATROOM_LIMITS_CONNECTIONS": "6"},
    )
    assert (done.returncode, done.stderr) == (0, "")
    config = tomllib.loads(done.stdout)
    assert config["server"] == {
        "host": "127.0.0.1",
        "port": 4000,
        "data": "",
        "disk_reserve_kib": 8192,
        "tls": "auto",
        "tls_cert": "",
        "tls_key": "",
        "one_core": True,
        "web": True,
        "origins": [],
        "metrics_token": "",
    }
    assert config["limits"]["message_bytes"] == 100
    assert config["limits"]["connections"] == 6
    assert config["auth"]["argon2"]["memory_kib"] == 19456
    file.write_text(done.stdout)
    again = run("serve", "--config", str(file), "--print-config")
    assert tomllib.loads(again.stdout) == config


def test_what_is_logged_can_be_chosen(capfd: pytest.CaptureFixture[str]) -> None:
    for level, logged in (("warning", False), ("info", True)):
        with Server(":memory:", "--log-level", level) as server:
            client_of(server, "bob").close()
        assert ("bob logged in from 127.0.0.1" in capfd.readouterr().err) is logged


def test_a_store_that_breaks_ends_it_and_nothing_confirmed_is_lost(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """The system lets the server write no file beyond some size."""
    confirmed: list[int] = []
    with Server(tmp_path / "room.db") as server:
        with client_of(server, "bob") as bob, contextlib.suppress(EOFError, ConnectionError):
            resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (1 << 18, 1 << 18))
            while (reply := bob.ask("PM", message="x" * 8000))["type"] == "confirmation":
                confirmed.append(reply["seq"])
        assert server.stop() == 3
    error = capfd.readouterr().err
    assert error.startswith(f"chatroom: Writing to {tmp_path / 'room.db'} failed: ")
    assert error.endswith("Nothing was confirmed that is not stored.\n")
    assert "Traceback" not in error
    with Server(tmp_path / "room.db") as server, client_of(server, "bob") as bob:
        assert len(confirmed) >= 10
        assert bob.ask("PM", message="again")["seq"] == confirmed[-1] + 1


def started(*command: str) -> "subprocess.Popen[str]":
    """Start a server on any free port by `command`; the test reads what it says."""
    return subprocess.Popen(
        [*command, "serve", "--port", "0", "--data", ":memory:"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment({"PATH": f"{BIN}:{os.environ['PATH']}"} | CHEAP),
    )


def test_the_line_to_join_with_is_as_short_as_it_can_be() -> None:
    """Whoever found the program on the path need not be told where it is."""
    with started(str(BIN / "chatroom")) as process:
        assert process.stdout
        last = [process.stdout.readline() for _ in range(4)][3]
        assert last.startswith("  join     chatroom join 127.0.0.1:")
        process.terminate()
        assert process.wait(DEADLINE) == 0


FAULTY = """
import sys
from chatroom.cli.main import main
from chatroom.server.readers import Readers

def fail(*_):
    raise ZeroDivisionError("a fault of ours")

Readers.send = fail
sys.exit(main(sys.argv[1:]))
"""


def test_a_fault_in_a_thread_that_all_need_ends_it() -> None:
    """A server that no longer sends is no server; whoever watches over it starts it again."""
    with started(sys.executable, "-c", FAULTY) as process:
        assert process.stdout
        assert process.stderr
        port = int(process.stdout.readline().rpartition(":")[2])
        with Client(("127.0.0.1", port)) as client, contextlib.suppress(EOFError):
            client.send("ping")
            client.read()
        assert process.wait(DEADLINE) == 3
        error = process.stderr.read()
    assert "a fault of ours" in error
    assert error.splitlines()[-1].startswith("chatroom: The thread delivery failed, ")
