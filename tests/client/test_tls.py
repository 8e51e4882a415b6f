"""The client over TLS, with a real server and with scripted ones."""

import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Self

import pytest

import chatroom
from chatroom.client import guard
from chatroom.client.connect import account_exists, connect
from chatroom.client.errors import LoginRefused, NotTrusted, UnknownServer, Unreachable
from chatroom.client.events import LineBack, LineGone, LineLost
from chatroom.client.known import KnownServers
from chatroom.client.trust import Trust, trust_from, trust_server
from chatroom.protocol.frames import encode
from chatroom.tls import TlsSession
from tests.client.peer import DEADLINE, Events, Peer, refusal, welcome
from tests.conversation import Running
from tests.secure import Authority, fingerprint_in, serving

OTHER = "sha256:" + "0" * 64


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where this user's settings are, in place of the real ones."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def server() -> Iterator[Running]:
    """A server that takes TLS only, with a certificate of its own making."""
    with serving(tls="required") as server:
        yield server


def at(server: Running) -> str:
    return f"127.0.0.1:{server.app.port}"


def fingerprint_of(server: Running) -> str:
    fingerprint = server.app.front.identity.fingerprint
    assert fingerprint
    return fingerprint


def test_a_server_that_nobody_knows_is_told_nothing(server: Running) -> None:
    """It is named with its fingerprint, to whoever may know it."""
    for call in (
        lambda: connect(at(server), username="bob", password="secret", tls=True),
        lambda: account_exists(at(server), "bob", tls=True),
    ):
        with pytest.raises(UnknownServer) as caught:
            call()
        assert caught.value.address == at(server)
        assert caught.value.fingerprint == fingerprint_of(server)
        assert f"--fingerprint {fingerprint_of(server)}." in str(caught.value)
    assert server.app._room.names() == ()
    assert not KnownServers().path.exists()


def test_a_server_that_somebody_trusts_is_let_show_the_same_again(server: Running) -> None:
    trust_server(at(server), fingerprint_of(server).upper())
    with connect(at(server), username="bob", password="secret", tls=True) as bob:
        bob.send("hello")
        assert bob.who() == ("bob",)
    assert account_exists(at(server), "bob", tls=True)
    file = KnownServers().path
    assert file.read_text() == f"{at(server)} {fingerprint_of(server)}\n"
    assert file.stat().st_mode & 0o777 == 0o600


def test_another_certificate_than_the_known_one_is_refused(server: Running) -> None:
    file = KnownServers().path
    trust_server("elsewhere:1", OTHER)
    trust_server(at(server), OTHER)
    with pytest.raises(NotTrusted) as caught:
        connect(at(server), username="bob", password="secret", tls=True)
    assert not isinstance(caught.value, UnknownServer)
    sentence = str(caught.value)
    assert OTHER in sentence
    assert fingerprint_of(server) in sentence
    assert f"line 2 of {file}" in sentence
    trust_server(at(server), fingerprint_of(server))  # both are good from now on
    connect(at(server), username="bob", password="secret", tls=True).close()


def test_a_fingerprint_pins_the_certificate_and_keeps_nothing(server: Running) -> None:
    right = fingerprint_of(server)
    digits = right.removeprefix("sha256:").upper()
    for written in (right, digits, ":".join(digits[n : n + 2] for n in range(0, 64, 2))):
        connect(at(server), username="bob", password="secret", fingerprint=written).close()
    with pytest.raises(NotTrusted, match=OTHER) as caught:
        connect(at(server), username="bob", password="secret", fingerprint=OTHER)
    assert right in str(caught.value)
    assert not KnownServers().path.exists()


def test_a_certificate_of_an_authority_needs_no_asking(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has to be made out to the host that is meant, and be in date."""
    authority = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    certificate, key = authority.vouch("localhost")
    with serving(tls_cert=str(certificate), tls_key=str(key)) as server:
        address = f"localhost:{server.app.port}"
        connect(address, username="bob", password="secret", tls=True).close()
        with pytest.raises(NotTrusted, match=r"mismatch"):
            connect(at(server), username="bob", password="secret", tls=True)
        with connect(address, username="bob", password="secret", tls=True) as bob:
            authority.vouch("localhost", days=-1)
            server.app.reload()
            bob.send("I am still here.")
        with pytest.raises(NotTrusted, match=r"expired"):
            connect(address, username="bob", password="secret", tls=True)
        pinned = fingerprint_in(certificate)
        connect(address, username="bob", password="secret", fingerprint=pinned).close()
    assert not KnownServers().path.exists()


def test_an_authority_that_is_not_known_here_counts_for_nothing(tmp_path: Path) -> None:
    certificate, key = Authority(tmp_path).vouch("localhost")
    with (
        serving(tls_cert=str(certificate), tls_key=str(key)) as server,
        pytest.raises(UnknownServer) as caught,
    ):
        connect(f"localhost:{server.app.port}", username="bob", password="secret", tls=True)
    assert caught.value.fingerprint == fingerprint_in(certificate)


def test_this_machine_is_spoken_to_plainly_and_no_other() -> None:
    trust = Trust()
    assert [trust.wants_tls(peer) for peer in ("127.0.0.1", "::1")] == [False, False]
    assert [trust.wants_tls(peer) for peer in ("10.0.0.1", "fe80::1%eth0", "")] == [True] * 3
    assert Trust(tls=True).wants_tls("127.0.0.1")
    assert Trust(fingerprint=OTHER).wants_tls("127.0.0.1")
    assert not Trust(insecure=True).wants_tls("10.0.0.1")


def test_the_way_is_decided_by_where_it_leads_and_not_by_its_name(
    server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that stands for another machine is spoken TLS to, whatever it looks like."""
    monkeypatch.setattr("chatroom.client.line._peer", lambda _: "192.0.2.1")
    with pytest.raises(UnknownServer):
        connect(f"localhost:{server.app.port}", username="bob", password="secret")
    with pytest.raises(LoginRefused) as caught:
        connect(at(server), username="bob", password="secret", insecure=True)
    assert caught.value.code == "tls_required"


@pytest.mark.parametrize(
    "asked",
    [
        {"insecure": True, "tls": True},
        {"insecure": True, "fingerprint": OTHER},
        {"fingerprint": "sha256:123"},
        {"fingerprint": ""},
    ],
)
def test_what_makes_no_sense_is_not_asked(asked: dict[str, object]) -> None:
    with pytest.raises(NotTrusted):
        trust_from(**{"tls": False, "insecure": False, "fingerprint": None} | asked)  # type: ignore[arg-type]


def test_a_line_is_got_back_by_the_same_rule(tmp_path: Path) -> None:
    """As long as the server shows the same; then it is given up, and what it shows is told."""
    events = Events()
    data = tmp_path / "room.db"
    with serving(data, tls="required") as server:
        port, right = server.app.port, fingerprint_of(server)
        trust_server(at(server), right)
        bob = connect(
            at(server), username="bob", password="secret", tls=True, on_event=events,
            longest_pause=0.1,
        )  # fmt: skip
    events.wait_for(LineLost)
    with closing(bob):
        with serving(data, tls="required", port=port) as server:
            assert fingerprint_of(server) == right
            events.wait_for(LineBack)
            bob.send("back again")
        events.wait_for(LineLost)
        (tmp_path / "room.db.pem").unlink()
        with serving(data, tls="required", port=port):
            gone = events.wait_for(LineGone)
    assert isinstance(gone.error, NotTrusted)
    assert right in str(gone.error)


def test_much_is_said_both_ways_by_several_threads(server: Running) -> None:
    """Senders, the listening thread and the server's own threads do not get in each other's way."""
    pin = fingerprint_of(server)
    heard: list[str] = []
    done = threading.Event()

    def hear(event: object) -> None:
        if isinstance(event, chatroom.Message):
            heard.append(event.text)
            if len(heard) == 2000:
                done.set()

    with (
        connect(at(server), username="bob", password="secret", fingerprint=pin) as bob,
        connect(at(server), username="al", password="secret", fingerprint=pin, on_event=hear),
    ):

        def talk(name: int) -> None:
            for number in range(500):
                bob.submit(f"{name} {number} {'x' * (number * 13 % 4000)}").result(DEADLINE)

        threads = [threading.Thread(target=talk, args=(name,)) for name in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert done.wait(DEADLINE)
    for name in range(4):
        own = [text.split()[1] for text in heard if text.startswith(f"{name} ")]
        assert own == [f"{number}" for number in range(500)]


@contextmanager
def answering(*answers: bytes, end: bool = True) -> Iterator[str]:
    """Yields the address of something that answers each connection with bytes of its own."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(DEADLINE)
        socks: list[socket.socket] = []

        def serve() -> None:
            for answer in answers:
                sock = listener.accept()[0]
                socks.append(sock)
                sock.recv(65536)
                sock.sendall(answer)
                if end:
                    sock.shutdown(socket.SHUT_WR)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"127.0.0.1:{listener.getsockname()[1]}"
        finally:
            thread.join()
            for sock in socks:
                sock.close()


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (encode(refusal("bad_json")), Unreachable, "speaks no TLS"),
        (encode(refusal("too_many_connections")), LoginRefused, "Sorry: too_many_connections."),
        (encode(refusal("storage_full")), Unreachable, "Sorry: storage_full."),
        (encode({"type": "news"}), Unreachable, "speaks no TLS"),
        (b"{nonsense}\n", Unreachable, "speaks no TLS"),
        (b"{", Unreachable, "before it was secure"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", Unreachable, "No TLS can be spoken"),
        (b"", Unreachable, "before it was secure"),
    ],
)
def test_what_speaks_no_tls_is_named(answer: bytes, kind: type[Exception], words: str) -> None:
    with answering(answer) as address, pytest.raises(kind, match=words):
        connect(address, username="bob", password="secret", tls=True)


def test_what_never_answers_is_given_up_in_time() -> None:
    begin = time.monotonic()
    with answering(b"", end=False) as address, pytest.raises(Unreachable, match="in time"):
        connect(address, username="bob", password="secret", tls=True, timeout=0.2)
    assert time.monotonic() - begin < DEADLINE / 2


def test_an_older_version_is_not_spoken(server: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the system's own settings allow."""
    contexts: list[ssl.SSLContext] = []

    def noted(context: ssl.SSLContext, host: str) -> TlsSession:
        contexts.append(context)
        return TlsSession(context, host)

    monkeypatch.setattr(guard, "TlsSession", noted)
    with pytest.raises(UnknownServer):
        connect(at(server), username="bob", password="secret", tls=True)
    public, any_ = contexts
    assert public.minimum_version == any_.minimum_version == ssl.TLSVersion.TLSv1_2
    assert public.verify_mode == ssl.CERT_REQUIRED
    assert public.check_hostname


def test_what_was_tampered_with_breaks_the_line() -> None:
    """A server whose bytes are no longer TLS is not believed; the line is got back."""
    events = Events()
    with serving(tls="required") as server, Middle(server.app.port) as middle:
        pin = fingerprint_of(server)
        bob = connect(
            f"127.0.0.1:{middle.port}", username="bob", password="secret", fingerprint=pin,
            on_event=events, longest_pause=0.05,
        )  # fmt: skip
        with closing(bob):
            middle.inject(b"\x17\x03\x03\x00\x20" + b"\xaa" * 32)
            lost = events.wait_for(LineLost)
            assert "not what it has sent" in lost.reason
            events.wait_for(LineBack)
            bob.send("back again")


class Middle:
    """Passes connections on to a port of this machine, and can put bytes of its own into them."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._near: list[socket.socket] = []
        self._socks: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def __enter__(self) -> Self:
        """Nothing more to do: it listens."""
        return self

    def __exit__(self, *_: object) -> None:
        """Ends all connections."""
        self._listener.shutdown(socket.SHUT_RDWR)
        for sock in self._socks:
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue
        for thread in self._threads:
            thread.join()
        for sock in (*self._socks, self._listener):
            sock.close()

    def inject(self, data: bytes) -> None:
        """Sends the newest client something."""
        self._near[-1].sendall(data)

    def _accept(self) -> None:
        while True:
            try:
                near = self._listener.accept()[0]
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", self._target))
            self._near.append(near)
            self._socks += [near, far]
            for pair in ((near, far), (far, near)):
                thread = threading.Thread(target=self._pass, args=pair)
                self._threads.append(thread)
                thread.start()

    def _pass(self, source: socket.socket, target: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            return


def test_nothing_heavy_is_imported_where_no_tls_is_spoken() -> None:
    with Peer() as peer:
        program = (
            "import sys, chatroom\n"
            f"chatroom.connect('{peer.address}', username='bob', password='x').close(timeout=0)\n"
            "print('ssl' in sys.modules, 'platformdirs' in sys.modules)"
        )
        running = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
        peer.accept().send(welcome("bob"))
        out, _ = running.communicate(timeout=DEADLINE)
    assert out.split() == [b"False", b"False"]
