"""TLS on the command line: what a person and a script see, and what crosses the network."""

import contextlib
import os
import signal
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from chatroom.client.connect import connect
from chatroom.client.state import StateFile
from tests.cli.command import as_user, run, start
from tests.cli.screen import CTRL_D, Screen
from tests.cli.test_serve import refused
from tests.secure import Authority, SecureClient, fingerprint_in
from tests.serving import DEADLINE, Server

REQUIRED = {"CHATROOM_SERVER_TLS": "required"}

QUESTION = "Is it the same, and to be trusted from now on? (yes or no)"
OPENED = "HELP           show this"


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """The environment of somebody who knows no server yet."""
    return as_user("bob") | {"XDG_CONFIG_HOME": str(tmp_path)}


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(env=REQUIRED) as server:
        yield server


def test_a_person_is_shown_the_fingerprint_once(server: Server, home: dict[str, str]) -> None:
    with Screen("join", "--tls", server.address, env=home) as screen:
        screen.wait_for(QUESTION)
        assert f"The server at {server.address} is not known yet." in screen.text
        assert server.fingerprint in screen.text
        screen.enter("yes")
        screen.wait_for(OPENED)
        screen.enter("EX")
        assert screen.wait_for_exit() == 0
    known = Path(home["XDG_CONFIG_HOME"]) / "chatroom" / "known_servers"
    assert known.read_text() == f"{server.address} {server.fingerprint}\n"
    with Screen("join", "--tls", server.address, env=home) as screen:
        screen.wait_for(OPENED)
        assert QUESTION not in screen.text
    done = run("send", "--tls", "--server", server.address, "hello", env=home)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("answer", ["no", "", "yess"])
def test_a_person_who_does_not_say_yes_is_not_let_in(
    server: Server, home: dict[str, str], answer: str
) -> None:
    with Screen("join", "--tls", server.address, env=home) as screen:
        screen.wait_for(QUESTION)
        screen.enter(answer)
        assert screen.wait_for_exit() == 2
        assert "is not known yet; if whoever runs it says" in screen.text
    assert not (Path(home["XDG_CONFIG_HOME"]) / "chatroom").exists()


def test_a_person_who_leaves_at_the_question_leaves_nothing(
    server: Server, home: dict[str, str]
) -> None:
    with Screen("send", "--tls", "--server", server.address, "hello", env=home) as screen:
        screen.wait_for(QUESTION)
        screen.type(CTRL_D)
        assert screen.wait_for_exit() == 130
    assert not (Path(home["XDG_CONFIG_HOME"]) / "chatroom").exists()


def test_a_script_is_told_how_to_name_the_server(server: Server, home: dict[str, str]) -> None:
    right = server.fingerprint
    words = ("send", "--server", server.address, "hello")
    done = run(*words, "--tls", env=home)
    assert (done.returncode, done.stdout) == (2, "")
    (sentence,) = done.stderr.splitlines()
    assert sentence.endswith(f"connect with --fingerprint {right}.")
    assert run(*words, "--fingerprint", right, env=home).returncode == 0
    done = run(*words, "--fingerprint", "sha256:12", env=home)
    assert done.returncode == 2
    assert done.stderr.startswith("chatroom: 'sha256:12' is no fingerprint; ")
    done = run("tail", "--count", "1", "--server", server.address, "--tls", "--insecure", env=home)
    assert done.returncode == 2
    assert "not allowed with" in done.stderr


def test_another_certificate_is_refused_with_the_line_to_remove(
    tmp_path: Path, home: dict[str, str]
) -> None:
    data = tmp_path / "room.db"
    with Server(data, env=REQUIRED) as server:
        before = server.fingerprint
        with Screen("join", "--tls", server.address, env=home) as screen:
            screen.wait_for(QUESTION)
            screen.enter("y")
            screen.wait_for(OPENED)
        server.stop()
        (tmp_path / "room.db.pem").unlink()
        server.start()
        now = server.fingerprint
        assert now != before
        known = tmp_path / "chatroom" / "known_servers"
        done = run("send", "--tls", "--server", server.address, "hello", env=home)
        assert done.returncode == 2
        (sentence,) = done.stderr.splitlines()
        for part in (before, now, f"remove line 1 of {known}"):
            assert part in sentence
        known.write_text("")
        with Screen("join", "--tls", server.address, env=home) as screen:
            screen.wait_for(QUESTION)


def test_a_plain_client_is_told_what_to_do(server: Server) -> None:
    done = run("send", "--server", server.address, "hello", env=as_user("bob"))
    assert done.returncode == 1
    assert done.stderr.startswith("chatroom: This server takes TLS only")
    assert "--tls" in done.stderr


@contextlib.contextmanager
def listened_to(port: int) -> Iterator[tuple[int, bytearray]]:
    """Passes one connection on to a port; yields where, and all that crosses."""
    crossed = bytearray()
    socks: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(DEADLINE)

        def copy(source: socket.socket, target: socket.socket) -> None:
            with contextlib.suppress(OSError):  # it was reset, with the last not read
                while data := source.recv(65536):
                    crossed.extend(data)
                    target.sendall(data)
                target.shutdown(socket.SHUT_WR)

        def serve() -> None:
            near = listener.accept()[0]
            far = socket.create_connection(("127.0.0.1", port))
            socks.extend((near, far))
            back = threading.Thread(target=copy, args=(far, near))
            back.start()
            copy(near, far)
            back.join()

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listener.getsockname()[1], crossed
        finally:
            thread.join()
            for sock in socks:
                sock.close()


@pytest.mark.parametrize("secure", [True, False])
def test_no_name_no_password_and_no_message_crosses_the_network(
    tmp_path: Path, *, secure: bool
) -> None:
    """Nor a session, by which one could come in. Without TLS all of it does, so it would show."""
    with (
        Server(env=REQUIRED if secure else {}) as server,
        listened_to(server.port) as (port, crossed),
    ):
        pin = server.fingerprint if secure else None
        with connect(
            f"127.0.0.1:{port}",
            username="bartholomew",
            password="hush-hush",
            fingerprint=pin,
            state=tmp_path / "state",
        ) as room:
            room.send("the treasure is under the tree")
            room.send_to("bartholomew", "the key is under the mat")
            session = session_in(tmp_path / "state")
    assert len(session) > 40
    for word in (b"bartholomew", b"hush-hush", b"treasure", b"the key", session, b"login", b"seq"):
        assert (word in crossed) is not secure
    assert len(crossed) > 1000


def session_in(state: Path) -> bytes:
    """Returns the session that a state file keeps, while its program runs."""
    copy = state.with_name("copy")
    for end in ("", "-wal"):
        if state.with_name(state.name + end).exists():
            copy.with_name(copy.name + end).write_bytes(
                state.with_name(state.name + end).read_bytes()
            )
    with contextlib.closing(StateFile(copy, "bartholomew")) as file:
        owner = file.owner()
    assert owner
    assert owner.session
    return owner.session.encode()


def test_the_banner_says_what_is_spoken(tmp_path: Path) -> None:
    """The certificate is made at the first start and kept."""
    data = tmp_path / "room.db"
    everywhere = ("--host", "0.0.0.0")  # noqa: S104 - that is the point
    with Server(data, *everywhere) as server:
        kept = fingerprint_in(tmp_path / "room.db.pem")
        assert server.fingerprint == kept
        assert server.banner.endswith(f" join --tls 127.0.0.1:{server.port}\n")
        assert "insecure" not in server.banner
        with SecureClient(("127.0.0.1", server.port)) as client:
            assert client.fingerprint == kept
    assert (tmp_path / "room.db.pem").stat().st_mode & 0o777 == 0o600
    with Server(data, *everywhere, "--insecure") as server:
        assert server.fingerprint == kept
        assert "  insecure: passwords of those who come without TLS can be read" in server.banner
        assert server.banner.endswith(f" join 127.0.0.1:{server.port}\n")
        assert run("send", "--server", server.address, "hello", env=as_user("bob")).returncode == 0
    with Server(data) as server:
        assert "sha256" not in server.banner


def test_a_certificate_is_read_again_on_sighup(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    authority = Authority(tmp_path)
    certificate, key = authority.vouch("localhost")
    words = ("--tls-cert", str(certificate), "--tls-key", str(key), "--log-level", "info")
    with Server(":memory:", *words) as server:
        assert server.fingerprint == fingerprint_in(certificate)
        with SecureClient(("127.0.0.1", server.port)) as bob:
            bob.login("bob")
            authority.vouch("localhost")
            os.kill(server.pid, signal.SIGHUP)
            context = ssl.create_default_context(cafile=str(authority.file))
            context.check_hostname = False
            shown = bob.fingerprint
            while shown == bob.fingerprint:  # the signal is on its way
                with SecureClient(("127.0.0.1", server.port), context=context) as client:
                    shown = client.fingerprint
            assert shown == fingerprint_in(certificate)
            assert bob.say("still here")["seq"] == 1
            certificate.write_text("nonsense")
            os.kill(server.pid, signal.SIGHUP)
            assert bob.say("and here")["seq"] == 2
        assert server.stop() == 0
    error = capfd.readouterr().err
    assert "New connections are shown the certificate sha256:" in error
    assert "The certificate stays as it was, for the new one is no good: " in error


@pytest.fixture
def terminal_that_may_go() -> Iterator[None]:
    """What is started meanwhile hears of SIGHUP, even if the tests run under `nohup`."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.usefixtures("terminal_that_may_go")
def test_without_a_certificate_to_read_sighup_stops_it_in_order() -> None:
    with Server() as server, SecureClient(("127.0.0.1", server.port)) as bob:
        bob.login("bob")
        os.kill(server.pid, signal.SIGHUP)
        assert bob.news("bye")["reason"] == "shutting_down"
        assert server._reap() == 0


def test_under_nohup_the_terminal_may_go() -> None:
    with Server(prefix=["nohup"]) as server, SecureClient(("127.0.0.1", server.port)) as bob:
        os.kill(server.pid, signal.SIGHUP)
        assert bob.ask("ping")["type"] == "pong"
        assert server.stop() == 0


def test_a_certificate_that_is_no_good_is_named(tmp_path: Path) -> None:
    certificate, key = (str(file) for file in Authority(tmp_path).vouch("localhost"))
    _, other = (str(file) for file in Authority(tmp_path).vouch("localhost", "other"))
    words = ("--port", "0", "--data", ":memory:")
    missing = str(tmp_path / "none.pem")
    for given, said in (
        ((missing, key), f"{missing} cannot be read: No such file or directory; "),
        ((certificate, missing), f"{missing} cannot be read: No such file or directory; "),
        (
            (certificate, other),
            f"{certificate} and {other} cannot be used as certificate and key (key",
        ),
        ((key, key), f"{key} cannot be used as certificate and key ("),
        ((certificate, certificate), f"{certificate} cannot be used as certificate and key ("),
    ):
        sentence = refused(*words, "--tls-cert", given[0], "--tls-key", given[1])
        assert sentence.startswith(said), sentence
    assert refused(*words, "--tls-key", key).startswith(f"{key} is a key without a certificate; ")


def test_a_key_with_a_passphrase_is_refused_and_asks_nobody(tmp_path: Path) -> None:
    certificate, file = Authority(tmp_path).vouch("localhost")
    key = serialization.load_pem_private_key(file.read_bytes(), None)
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"sesame"),
        )
    )
    sentence = refused(
        "--port", "0", "--data", ":memory:", "--tls-cert", str(certificate), "--tls-key", str(file)
    )
    assert sentence.endswith("without a passphrase.")


def test_a_certificate_that_cannot_be_kept_is_named(tmp_path: Path) -> None:
    (tmp_path / "room.db.pem").mkdir()
    sentence = refused(
        "--port", "0", "--data", str(tmp_path / "room.db"), CHATROOM_SERVER_TLS="required"
    )
    assert sentence.startswith(f"{tmp_path / 'room.db.pem'} cannot be read: Is a directory")


def test_tail_and_a_pipe_speak_it_too(server: Server, home: dict[str, str]) -> None:
    pin = ("--fingerprint", server.fingerprint)
    tail = start("tail", "--count", "1", "--server", server.address, *pin, env=as_user("logger"))
    with connect(server.address, username="watcher", password="pw", fingerprint=pin[1]) as watcher:
        while "logger" not in watcher.who():
            pass
        done = run("join", server.address, *pin, text="PM from a pipe\n", env=home)
        assert done.returncode == 0
        out, _ = tail.communicate(timeout=DEADLINE)
    assert b'"message":"from a pipe"' in out
