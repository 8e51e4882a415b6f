"""A TLS connection whose socket takes what the test says, and what the delivery is told of that."""

import socket
import ssl
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from chatroom.server.outbox import Outbox
from chatroom.server.tls_channel import BATCH_BYTES, TlsChannel
from chatroom.server.tls_identity import Identity
from chatroom.tls import TlsSession
from tests.secure import trusting
from tests.server.stage import Trickle

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


@pytest.fixture(scope="module")
def context() -> ssl.SSLContext:
    return Identity().context()


class Pair(Trickle):
    """A socket, a channel over it whose handshake is done, and its client.

    Args:
        context: what the server shows.
    """

    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__()
        self.client = TlsSession(trusting(), "localhost")
        self.channel = TlsChannel(self, context)
        self.client.shake(b"")
        self.channel.shake(self.client.outgoing())
        self._heard, self._seen = b"", 0

    def sendall(self, data: "ReadableBuffer", flags: int = 0, /) -> None:  # noqa: ARG002
        """Take the server's part of the handshake to the client, and bring the client's back."""
        self.client.shake(data)
        self.bring(self.client.outgoing())

    def bring(self, data: bytes) -> None:
        """Bring bytes of the client to the server."""
        self._other.sendall(data)

    def hang_up(self) -> None:
        """End the client's stream without a word."""
        self._other.shutdown(socket.SHUT_WR)

    def say(self, data: bytes) -> None:
        """Let the client say something."""
        self.client.encrypt(data)
        self.bring(self.client.outgoing())

    def hear(self) -> bytes:
        """Return all that the client can make of what has been taken so far."""
        data, self._seen = bytes(self.taken[self._seen :]), len(self.taken)
        self._heard += self.client.decrypt(data)
        return self._heard


@pytest.fixture
def pair(context: ssl.SSLContext) -> Iterator[Pair]:
    with Pair(context) as pair:
        yield pair


def test_what_the_socket_takes_at_once_is_taken(pair: Pair) -> None:
    assert pair.channel.send(b"hello", socket.MSG_DONTWAIT) == 5
    assert pair.channel.send(b" world", socket.MSG_DONTWAIT) == 6
    assert pair.hear() == b"hello world"


def test_a_byte_is_left_to_be_sent_until_the_socket_has_all(pair: Pair) -> None:
    """So the caller comes back, and nothing else gets in between."""
    pair.allow(10, 0, 0, 7)
    assert pair.channel.send(b"hello\n") == 5
    assert pair.channel.send(b"\n") == 0
    assert pair.channel.send(b"\n") == 0
    assert pair.hear() == b""
    assert pair.channel.send(b"\n") == 0
    assert pair.channel.send(b"\n") == 1
    assert pair.hear() == b"hello\n"
    assert pair.channel.send(b"more") == 4
    assert pair.hear() == b"hello\nmore"


def test_what_is_left_goes_on_with_what_follows(pair: Pair) -> None:
    pair.allow(10)
    assert pair.channel.send(b"hello\n") == 5
    assert pair.channel.send(b"\nworld\n") == 7
    assert pair.hear() == b"hello\nworld\n"


def test_much_is_encrypted_a_batch_at_a_time(pair: Pair) -> None:
    """What the socket does not take is not encrypted on and on."""
    data = bytes(range(256)) * 2000
    pair.allow(100_000, 0)
    count = pair.channel.send(data)
    assert count == 2 * BATCH_BYTES
    assert pair.channel.send(data[count:]) == len(data) - count
    assert pair.hear() == data


@pytest.mark.parametrize("allowances", [[1] * 300, [23, 5, 0, 1000, 1], [16_500, 0, 80_000]])
def test_whatever_the_socket_takes_the_stream_is_whole(
    pair: Pair, allowances: Sequence[int]
) -> None:
    data = b"".join(b"%d\n" % number for number in range(30_000))
    pair.allow(*allowances)
    rest = data
    while rest:
        rest = rest[pair.channel.send(rest) :]
    assert pair.hear() == data


def test_an_outbox_on_a_full_socket_loses_nothing(pair: Pair) -> None:
    """The farewell is the last thing, behind what was left."""
    outbox = Outbox(pair.channel)
    pair.allow(10, 0)
    assert not outbox.send_frame(b'{"a":1}\n')
    assert outbox.missing == b"\n"
    outbox.skip()
    assert not outbox.send_missing()
    assert outbox.send_missing()
    outbox.farewell = b'{"bye":1}\n'
    assert outbox.say_farewell()
    outbox.finish()
    assert pair.hear() == b'{"a":1}\n{"bye":1}\n'
    assert pair.client.over


def test_before_the_handshake_is_done_nothing_is_sent(context: ssl.SSLContext) -> None:
    """What the delivery has to say then, such as that the time is up, ends the connection."""
    with Trickle() as sock:
        outbox = Outbox(TlsChannel(sock, context))
        assert not outbox.send_frame(b"{}\n")
        assert outbox.dead
        assert sock.taken == b""
    with Trickle() as sock:
        TlsChannel(sock, context).shutdown(socket.SHUT_WR)
        assert sock.taken == b""


def test_what_is_read_is_what_the_client_said(pair: Pair) -> None:
    pair.say(b"one")
    pair.say(b"two")
    assert pair.channel.recv(2048) == b"onetwo"
    pair.say(b"x" * 200_000)
    received = b""
    while len(received) < 200_000:
        received += pair.channel.recv(2048)
    pair.say(b"last")
    pair.client.finish()
    pair.bring(pair.client.outgoing())
    assert pair.channel.recv(2048) == b"last"
    assert pair.channel.recv(2048) == b""


def test_an_end_without_a_word_is_an_end(pair: Pair) -> None:
    pair.hang_up()
    assert pair.channel.recv(2048) == b""


def test_what_was_tampered_with_is_told_to_the_client(pair: Pair) -> None:
    pair.bring(b"\x17\x03\x03\x00\x20" + b"\xaa" * 32)
    with pytest.raises(ssl.SSLError):
        pair.channel.recv(2048)
    with pytest.raises(ssl.SSLError, match=r"(?i)alert"):
        pair.hear()


def test_who_has_the_server_answer_and_does_not_read_is_given_up(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with requests for new keys, of which each is answered by TLS itself."""
    pair.allow(*[0] * 10)
    assert pair.channel.send(b"x") == 0
    monkeypatch.setattr(TlsSession, "pending", 1 << 20)
    pair.say(b"y")
    with pytest.raises(ConnectionAbortedError, match="does not read"):
        pair.channel.recv(2048)


def test_a_certificate_for_now_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    identity = Identity()
    assert identity.context() is identity.context()
    assert list(tmp_path.iterdir()) == []
