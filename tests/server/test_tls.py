"""TLS and plain JSON on one port, by clients that know nothing but the wire and `ssl`."""

import logging
import socket
import ssl
import struct
import subprocess
import sys
import threading
import warnings
from pathlib import Path
from typing import Any

import msgspec
import pytest

from chatroom.server.tls_channel import HANDSHAKE_BYTES
from chatroom.server.tls_identity import CertificateError
from tests.conversation import DEADLINE, Client, Running, line, running, settings
from tests.secure import Authority, SecureClient, fingerprint_in, serving, trusting

LONG = "x" * 8000


def enter(server: Running, name: str, **options: Any) -> SecureClient:
    """Returns a client that is logged in over TLS."""
    client = SecureClient(server.address, **options)
    client.login(name)
    return client


def test_both_languages_are_spoken_on_one_port(server: Running) -> None:
    with enter(server, "alice") as alice:
        bob = server.enter("bob")
        bob.say("plain")
        assert alice.news("broadcast")["message"] == "plain"
        alice.say("in TLS")
        assert bob.news("broadcast")["message"] == "in TLS"
        assert alice.ask("EX")["type"] == "bye"
        assert alice.remainder() == []


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_the_versions_that_are_safe_are_spoken(server: Running, version: ssl.TLSVersion) -> None:
    context = trusting()
    context.minimum_version = context.maximum_version = version
    with enter(server, "bob", context=context) as bob:
        assert bob.sock.version() == version.name.replace("_", ".")
        assert bob.sock.compression() is None
        assert bob.say(LONG)["seq"]
        session = bob.sock.session
        assert session is None or not session.has_ticket


def test_older_versions_are_refused(server: Running) -> None:
    context = trusting()
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises(ssl.SSLError, match=r"(?i)version"):
        SecureClient(server.address, context=context)


def test_where_tls_is_required_a_plain_client_is_told_so() -> None:
    """Nothing that it said is done, and nothing that it goes on saying breaks the farewell."""
    with serving(tls="required") as server:
        with enter(server, "witness") as witness:
            plain = server.connect()
            plain.send_bytes(line("login", username="bob", password="secret") + b"x" * 200_000)
            error, farewell = plain.remainder()
            assert (error["type"], error["code"]) == ("error", "tls_required")
            assert "TLS" in error["message"]
            assert (farewell["type"], farewell["reconnect"]) == ("bye", False)
            assert witness.ask("WHO")["users"] == ["witness"]
        silent = server.connect()
        silent.sock.shutdown(socket.SHUT_WR)
        assert silent.remainder() == []


@pytest.mark.parametrize(
    ("host", "tls", "required"),
    [
        ("127.0.0.1", "auto", False),
        ("127.0.0.1", "required", True),
        ("0.0.0.0", "auto", True),  # noqa: S104 - that is the point
        ("0.0.0.0", "optional", False),  # noqa: S104
        ("0.0.0.0", "required", True),  # noqa: S104
    ],
)
def test_tls_is_required_where_others_reach_the_server(
    host: str, tls: str, *, required: bool
) -> None:
    """Then its certificate is there at once; else it is made when somebody asks for it."""
    with serving(host=host, tls=tls) as server:
        front = server.app.front
        assert front.required is required
        assert (front.identity.fingerprint is None) is (host.startswith("127") and not required)
        address = ("127.0.0.1", server.app.port)
        with SecureClient(address) as client:
            assert client.ask("ping")["type"] == "pong"
            assert client.fingerprint == front.identity.fingerprint
        with Client(address) as plain:
            assert plain.ask("ping")["type"] == ("error" if required else "pong")


def test_a_handshake_in_single_bytes(server: Running) -> None:
    """The client's bytes come one by one, and so does what it says in them."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = trusting().wrap_bio(incoming, outgoing)
    client = server.connect()

    def drip() -> None:
        for byte in outgoing.read():
            client.sock.send(bytes([byte]))

    while True:
        try:
            tls.do_handshake()
            break
        except ssl.SSLWantReadError:
            drip()
            incoming.write(client.sock.recv(65536))
    tls.write(line("ping", id="1") + line("ping", id="2"))
    drip()
    said = b""
    while said.count(b"\n") < 2:
        incoming.write(client.sock.recv(65536))
        said += tls.read(65536)
    assert said == b'{"type":"pong","id":"1"}\n{"type":"pong","id":"2"}\n'


def test_what_comes_with_the_end_of_the_handshake_is_heard(server: Running) -> None:
    """The last message of the handshake and the first command arrive in one piece."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = trusting().wrap_bio(incoming, outgoing)
    client = server.connect()
    with pytest.raises(ssl.SSLWantReadError):
        tls.do_handshake()
    client.send_bytes(outgoing.read())
    while True:
        incoming.write(client.sock.recv(65536))
        try:
            tls.do_handshake()
            break
        except ssl.SSLWantReadError:
            continue
    tls.write(line("ping", id="early"))
    client.send_bytes(outgoing.read())
    incoming.write(client.sock.recv(65536))
    assert tls.read(65536) == b'{"type":"pong","id":"early"}\n'


HELLO = struct.pack("!BHH", 0x16, 0x0301, 512)
"""The head of a record that begins a handshake."""


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x16" + b"\xff" * 600,
        HELLO + b"\0" * 512,
        HELLO + b"\1\0\1\xfc" + b"\xff" * 508,
        b"\x16GET / HTTP/1.1\r\n\r\n" + b" " * 600,
        (struct.pack("!BHH", 0x16, 0x0301, 16000) + b"\1\xff\xff\xff" + b"\0" * 15996) * 3,
    ],
    ids=["noise", "zeros", "a hello of noise", "something else", "a hello without an end"],
)
def test_garbage_behind_the_first_byte_ends_that_connection_alone(
    server: Running, garbage: bytes
) -> None:
    bob = server.enter("bob")
    with server.connect() as client:
        try:
            client.send_bytes(garbage)
            while client.sock.recv(65536):
                pass
        except ConnectionError:
            pass  # it was reset, for the server had not read all of it
    assert bob.ask("ping")["type"] == "pong"


def test_a_handshake_may_be_so_long_and_no_longer() -> None:
    assert HANDSHAKE_BYTES < 3 * 16000


@pytest.mark.parametrize("begin", [b"\x16", HELLO + b"\1\0\0\x40", b""])
def test_a_handshake_that_stands_still_ends_in_time_and_keeps_nobody_waiting(begin: bytes) -> None:
    with serving(tls="required", limits={"login_seconds": 0.5}) as server:
        stuck = server.connect()
        stuck.send_bytes(begin)
        with enter(server, "bob") as bob:
            assert bob.say("hello")["seq"] == 1
        received = b""
        try:
            while data := stuck.sock.recv(65536):
                received += data
        except ConnectionResetError:
            pass
        assert (b"login_timeout" in received) is (begin == b"")


def test_somebody_who_is_late_behind_the_handshake_is_told(server: Running) -> None:
    del server
    with (
        serving(limits={"login_seconds": 0.3}) as here,
        SecureClient(here.address) as late,
    ):
        error, farewell = late.remainder()
        assert (error["code"], farewell["reason"]) == ("login_timeout", "login_timeout")


def test_a_slow_reader_catches_up() -> None:
    """20 MB pass by a reader who does not read; then all of it comes, in order, and no more."""
    with serving() as server, enter(server, "slow", receive_bytes=4096) as slow:
        bob = server.enter("bob")
        for number in range(1200):
            bob.send("PM", message=f"{number} {LONG}")
            bob.send("DM", to="slow", message=f"{number} {LONG}")
            bob.take(2)
        heard = slow.take(2400)
        for kind in ("broadcast", "direct_message"):
            texts = [frame["message"] for frame in heard if frame["type"] == kind]
            assert texts == [f"{number} {LONG}" for number in range(1200)]
        assert slow.heard() == []


def test_a_reader_who_takes_a_little_at_a_time_misses_nothing() -> None:
    """The socket is full over and over, at whatever place of a record."""
    with serving() as server, enter(server, "slow", receive_bytes=2048) as slow:
        bob = server.enter("bob")
        lines = [line("PM", message=f"{number} " + "y" * (number % 700)) for number in range(3000)]
        sender = threading.Thread(target=bob.send_bytes, args=(b"".join(lines),))
        sender.start()
        bob.take(3000)
        sender.join(DEADLINE)
        texts = [slow.news("broadcast")["message"] for _ in range(3000)]
        assert [text.partition(" ")[0] for text in texts] == [f"{n}" for n in range(3000)]
        assert slow.ask("EX")["type"] == "bye"
        assert slow.remainder() == []


def test_many_small_ones_both_ways() -> None:
    """So many at a time as fit on the way, as the client's own TLS is for one thread."""
    with serving() as server, enter(server, "alice") as alice, enter(server, "bob") as bob:
        for first in range(0, 5000, 500):
            numbers = range(first, first + 500)
            alice.send_bytes(b"".join(line("PM", message=f"{number}") for number in numbers))
            assert [frame["seq"] - 1 for frame in alice.take(500)] == list(numbers)
        assert [bob.news()["message"] for _ in range(5000)] == [f"{n}" for n in range(5000)]


def test_coming_back_by_a_session(server: Running) -> None:
    with SecureClient(server.address) as first:
        session = first.login("alice")["session"]
    bob = server.enter("bob")
    bob.say("hello")
    with SecureClient(server.address) as again:
        logs = {"room": {"epoch": bob.say("again")["epoch"], "after": 0}}
        assert again.ask("resume", session=session, logs=logs)["type"] == "resumed"
        assert [frame["message"] for frame in again.take(2)] == ["hello", "again"]


def test_both_sides_end_with_close_notify(server: Running) -> None:
    """The end of the stream is told in TLS, so that nobody on the way can feign it."""
    with enter(server, "bob") as bob:
        bob.send("EX")
        assert [frame["type"] for frame in bob.remainder()][-1] == "bye"
    alice = enter(server, "alice")
    raw = alice.sock.unwrap()
    raw.close()
    with enter(server, "carol") as carol:
        while carol.ask("WHO")["users"] != ["carol"]:
            pass


def test_a_stream_that_is_tampered_with_is_not_believed(server: Running) -> None:
    with enter(server, "bob") as bob:
        raw = socket.socket(fileno=bob.sock.detach())
        bob.sock = raw  # type: ignore[assignment]  # to write past TLS
        raw.settimeout(DEADLINE)
        raw.sendall(struct.pack("!BHH", 0x17, 0x0303, 64) + b"\xaa" * 64)
        while raw.recv(65536):
            pass
    alice = server.enter("alice")
    assert alice.ask("WHO")["users"] == ["alice"]


def test_a_certificate_of_an_authority_is_shown_and_read_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody is dropped; what is no good is not taken."""
    authority = Authority(tmp_path)
    certificate, key = authority.vouch("localhost")
    context = ssl.create_default_context(cafile=str(authority.file))
    context.check_hostname = False
    with serving(tls_cert=str(certificate), tls_key=str(key)) as server:
        first = enter(server, "first", context=context)
        assert (
            first.fingerprint
            == fingerprint_in(certificate)
            == server.app.front.identity.fingerprint
        )

        authority.vouch("localhost")
        with caplog.at_level(logging.INFO):
            server.app.reload()
        assert (
            f"New connections are shown the certificate {fingerprint_in(certificate)}"
            in caplog.text
        )
        second = enter(server, "second", context=context)
        assert second.fingerprint == fingerprint_in(certificate) != first.fingerprint
        assert first.say("still here")["seq"] == 1
        assert second.news("broadcast")
        first.close()
        second.close()


def test_a_certificate_that_is_no_good_is_not_taken_in_place_of_one_that_is(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    certificate, key = Authority(tmp_path).vouch("localhost")
    before = fingerprint_in(certificate)
    config = settings()
    config = msgspec.structs.replace(
        config,
        server=msgspec.structs.replace(config.server, tls_cert=str(certificate), tls_key=str(key)),
    )
    server = Running(config)
    try:
        certificate.write_text("no certificate\n")
        server.app.reload()
        certificate.unlink()
        server.app.reload()
        with SecureClient(server.address) as client:
            assert client.fingerprint == before
    finally:
        server.leave()
    refused, missing = (record.getMessage() for record in caplog.records)
    assert "cannot be used as certificate and key" in refused
    assert "cannot be read: No such file" in missing


def test_a_certificate_that_cannot_be_made_ends_the_connection_and_is_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with running(faulty=True) as server:

        def fail() -> ssl.SSLContext:
            raise CertificateError("there is none")

        monkeypatch.setattr(server.app.front.identity, "context", fail)
        with pytest.raises(OSError):  # noqa: PT011 - reset, or ended
            SecureClient(server.address)
        assert server.enter("bob").ask("ping")["type"] == "pong"
    assert "there is no certificate: there is none" in caplog.text


def test_nothing_heavy_is_imported_before_it_is_needed() -> None:
    """A server on the loopback interface starts as quickly as one without TLS, and smaller."""
    program = (
        "import sys\n"
        "from chatroom.app import App\n"
        "from chatroom.config import Config, Server\n"
        "App(Config(Server(port=0, data=':memory:')), print).start().stop()\n"
        "print({'ssl', 'cryptography'} & sys.modules.keys())"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stdout == b"set()\n"


def test_who_comes_and_goes_leaves_nothing_behind(server: Running) -> None:
    """However they go: no thread, and no descriptor."""

    def come_and_go() -> None:
        guests = [enter(server, f"guest{number}") for number in range(20)]
        threads = [thread for thread in threading.enumerate() if "client guest" in thread.name]
        assert len(threads) == 20
        for number, guest in enumerate(guests):
            if number % 3 == 0:
                guest.send("EX")
                guest.remainder()
            if number % 3 == 1:
                guest.reset()
            guest.close()
        for thread in threads:
            thread.join(DEADLINE)

    def descriptors() -> int:
        bob.ask("ping")  # what the delivery had to close before is closed
        return len(list(Path("/proc/self/fd").iterdir()))

    bob = server.enter("bob")
    come_and_go()
    before = descriptors()
    for _ in range(5):
        come_and_go()
    assert descriptors() <= before
