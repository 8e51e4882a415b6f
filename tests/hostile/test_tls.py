"""What TLS has that was broken once is not there."""

import socket
import ssl

import pytest

from tests.conversation import DEADLINE
from tests.hostile import hello
from tests.hostile.conftest import Stage
from tests.secure import SecureClient, trusting


def answer(port: int, said: bytes) -> tuple[int, bytes]:
    """Returns the first record that answers a hello: its type and its body."""
    with socket.create_connection(("127.0.0.1", port), DEADLINE) as sock:
        sock.sendall(said)
        with sock.makefile("rb") as stream:
            head = stream.read(5)
            body = stream.read(int.from_bytes(head[3:], "big"))
            if head[0] == hello.ALERT:
                assert not stream.read(), "something came behind the alert"
            return head[0], body


def test_compression_is_off(stage: Stage) -> None:
    """Who would like to compress (CRIME, CVE-2012-4929) is answered that nobody does."""
    scene = stage()
    eager = trusting()
    eager.options &= ~ssl.OP_NO_COMPRESSION
    eager.maximum_version = ssl.TLSVersion.TLSv1_2
    for context in (eager, trusting()):
        with SecureClient(("127.0.0.1", scene.server.port), context=context) as person:
            person.login("person")
            assert person.sock.compression() is None
    said = hello.client_hello(compressions=(hello.DEFLATE, hello.NULL))
    kind, body = answer(scene.server.port, said)
    assert kind == hello.HANDSHAKE
    assert hello.compression_of(body) == hello.NULL
    kind, body = answer(scene.server.port, hello.client_hello(compressions=(hello.DEFLATE,)))
    assert kind == hello.ALERT, "a client that only speaks compressed is answered"
    scene.end()


@pytest.mark.parametrize(
    "version", [hello.SSL_3_0, hello.TLS_1_0, hello.TLS_1_1], ids=["SSL 3.0", "TLS 1.0", "TLS 1.1"]
)
def test_what_is_older_than_tls_1_2_is_refused(version: int, stage: Stage) -> None:
    """The same hello is answered as soon as it says 1.2 (POODLE, CVE-2014-3566)."""
    scene = stage()
    assert answer(scene.server.port, hello.client_hello())[0] == hello.HANDSHAKE
    kind, body = answer(scene.server.port, hello.client_hello(version))
    assert kind == hello.ALERT
    assert body[1] in hello.REFUSALS
    scene.end()
