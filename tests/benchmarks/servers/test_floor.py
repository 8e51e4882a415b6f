"""The floor passes lines on, whole and to all, and one who does not read holds up nobody."""

import contextlib
import socket
from collections.abc import Iterator

import pytest

from benchmarks.servers.own import Floor
from benchmarks.servers.running import Running, running

DEADLINE = 20.0


@pytest.fixture
def floor() -> Iterator[Running]:
    with running(Floor()) as server:
        yield server


@contextlib.contextmanager
def client(server: Running, number: int) -> Iterator[socket.socket]:
    """Connects a client with a number."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=DEADLINE) as sock:
        sock.sendall(b"%d\n" % number)
        assert sock.recv(100) == b"ok\n"
        yield sock


def receive(sock: socket.socket, count: int) -> bytes:
    """Returns the next `count` bytes."""
    data = b""
    while len(data) < count:
        more = sock.recv(count - len(data))
        assert more, "the floor ended the connection"
        data += more
    return data


def test_a_line_goes_to_everyone_its_sender_included(floor: Running) -> None:
    with client(floor, 0) as one, client(floor, 5) as other:
        one.sendall(b"hello\n")
        assert receive(one, 6) == receive(other, 6) == b"hello\n"


def test_lines_that_come_in_pieces_are_not_mixed(floor: Running) -> None:
    with client(floor, 0) as one, client(floor, 1) as two, client(floor, 2) as reader:
        one.sendall(b"first ")
        two.sendall(b"whole\nsecond ")
        assert receive(reader, 6) == b"whole\n"
        one.sendall(b"half\n")
        assert receive(reader, 11) == b"first half\n"
        two.sendall(b"half\n")
        assert receive(reader, 12) == b"second half\n"


def test_one_who_reads_nothing_gets_all_in_the_end_and_holds_up_nobody(floor: Running) -> None:
    line = b"x" * 49_999 + b"\n"
    with client(floor, 0) as sender, client(floor, 1) as lazy:
        for _ in range(200):
            sender.sendall(line)
            assert receive(sender, len(line)) == line
        assert receive(lazy, 200 * len(line)) == 200 * line


def test_who_leaves_is_left_out(floor: Running) -> None:
    with client(floor, 0) as one:
        with client(floor, 1):
            pass
        with client(floor, 2) as other:
            one.sendall(b"hello\n")
            assert receive(other, 6) == b"hello\n"


def test_partners_get_what_is_for_them_alone() -> None:
    with (
        running(Floor(), partners=True) as server,
        client(server, 0) as zero,
        client(server, 3) as three,
        client(server, 1) as one,
        client(server, 2) as two,
    ):
        zero.sendall(b"to one\n")
        three.sendall(b"to two\n")
        assert receive(one, 7) == b"to one\n"
        assert receive(two, 7) == b"to two\n"
        one.sendall(b"to zero\n")
        assert receive(zero, 8) == b"to zero\n"
