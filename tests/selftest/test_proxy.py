"""The network that fails as it is told."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import pytest

from chatroom.selftest.plan import Fate
from chatroom.selftest.proxy import THREAD_NAME, Proxy

DEADLINE = 20.0
DATA = bytes(range(256)) * 400


@contextmanager
def server(handle: Callable[[socket.socket], None]) -> Iterator[int]:
    """Serves one connection on a port, in a thread."""

    def run() -> None:
        sock, _ = listener.accept()
        with sock:
            sock.settimeout(DEADLINE)
            handle(sock)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(DEADLINE)
        thread = threading.Thread(target=run, name="server")
        thread.start()
        yield listener.getsockname()[1]
        thread.join(DEADLINE)
        assert not thread.is_alive()


def echo(sock: socket.socket) -> None:
    """Gives back what comes, up to its end."""
    with contextlib.suppress(ConnectionError):
        while data := sock.recv(65536):
            sock.sendall(data)


def send_data(sock: socket.socket) -> None:
    """Sends something, and waits for the end."""
    sock.sendall(DATA)
    sock.shutdown(socket.SHUT_WR)
    all_of(sock)


def all_of(sock: socket.socket) -> bytes:
    """Returns all that comes until the end, or until the connection breaks."""
    received = b""
    try:
        while data := sock.recv(65536):
            received += data
    except ConnectionError:
        pass
    return received


@contextmanager
def proxy(port: int, *fates: Fate) -> Iterator[Proxy]:
    """Runs a proxy before a server; what is said of no connection is nothing."""
    proxy = Proxy(lambda number: fates[number] if number < len(fates) else Fate())
    proxy.start(port)
    try:
        yield proxy
    finally:
        proxy.stop()


@contextmanager
def connection(to: Proxy) -> Iterator[socket.socket]:
    """Connects to a proxy."""
    with closing(socket.create_connection(("127.0.0.1", to.port), DEADLINE)) as sock:
        yield sock


def test_bytes_go_both_ways_and_so_does_the_end() -> None:
    with server(echo) as port, proxy(port) as between, connection(between) as sock:
        assert THREAD_NAME in {thread.name for thread in threading.enumerate()}
        sock.sendall(DATA)
        sock.shutdown(socket.SHUT_WR)
        assert all_of(sock) == DATA
        assert between.connections == 1
        assert between.counts == {"answered": 1}


@pytest.mark.parametrize("byte", [1, 1234, len(DATA) - 1])
def test_a_connection_is_cut_behind_its_byte(byte: int) -> None:
    fate = Fate(cut_after=byte)
    with server(send_data) as port, proxy(port, fate) as between, connection(between) as sock:
        assert all_of(sock) == DATA[:byte]
        assert between.counts["cut"] == 1


def test_a_cut_may_be_a_reset() -> None:
    fate = Fate(cut_after=100, reset=True)
    with server(echo) as port, proxy(port, fate) as between, connection(between) as sock:
        sock.sendall(bytes(100))
        with pytest.raises(ConnectionResetError):
            sock.recv(100)


def test_the_bytes_of_both_directions_count() -> None:
    fate = Fate(cut_after=150)
    with server(echo) as port, proxy(port, fate) as between, connection(between) as sock:
        sock.sendall(bytes(100))
        assert len(all_of(sock)) == 50


def test_a_connection_that_is_split_carries_the_same() -> None:
    fate = Fate(piece=7)
    with server(echo) as port, proxy(port, fate) as between, connection(between) as sock:
        sock.sendall(DATA)
        sock.shutdown(socket.SHUT_WR)
        assert all_of(sock) == DATA


def test_a_connection_that_is_late_is_late_both_ways() -> None:
    fate = Fate(delay=0.1)
    with server(echo) as port, proxy(port, fate) as between, connection(between) as sock:
        began = time.monotonic()
        sock.sendall(b"x")
        assert sock.recv(1) == b"x"
        assert time.monotonic() - began >= 0.2


def test_a_connection_that_stands_still_goes_on() -> None:
    fate = Fate(stall_after=1, stall=0.3)
    with server(echo) as port, proxy(port, fate) as between, connection(between) as sock:
        began = time.monotonic()
        sock.sendall(b"x")
        assert sock.recv(1) == b"x"
        assert time.monotonic() - began >= 0.3
        assert between.counts["stalled"] == 1
        sock.sendall(b"y")
        assert sock.recv(1) == b"y"


def test_calm_lets_go_what_stands_still_and_breaks_nothing_more() -> None:
    fate = Fate(stall_after=1, stall=3600.0, cut_after=1000)
    with server(echo) as port, proxy(port, fate) as between, connection(between) as sock:
        sock.sendall(b"x")
        deadline = time.monotonic() + DEADLINE
        while not between.counts["stalled"]:
            assert time.monotonic() < deadline
            time.sleep(0.001)
        between.calm()
        assert sock.recv(1) == b"x"
        sock.sendall(DATA)
        sock.shutdown(socket.SHUT_WR)
        assert all_of(sock) == DATA
        assert between.counts["cut"] == 0


def test_what_comes_when_all_is_calm_is_left_alone() -> None:
    with server(echo) as port, proxy(port, Fate(cut_after=1)) as between:
        between.calm()
        with connection(between) as sock:
            sock.sendall(DATA)
            sock.shutdown(socket.SHUT_WR)
            assert all_of(sock) == DATA


def test_nobody_behind_it_is_an_end_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    with proxy(port) as between, connection(between) as sock:
        assert all_of(sock) == b""
        assert between.counts["answered"] == 0


def test_a_side_that_does_not_read_makes_the_other_wait() -> None:
    sent = threading.Event()
    size = 64 * 1024 * 1024

    def send_much(sock: socket.socket) -> None:
        sock.sendall(bytes(size))
        sent.set()
        sock.shutdown(socket.SHUT_WR)
        all_of(sock)

    with server(send_much) as port, proxy(port) as between, connection(between) as sock:
        assert not sent.wait(0.5)
        received = 0
        while data := sock.recv(1 << 20):
            received += len(data)
        assert received == size
        sock.shutdown(socket.SHUT_WR)


def test_a_side_that_breaks_off_ends_the_other() -> None:
    ended = threading.Event()

    def wait(sock: socket.socket) -> None:
        all_of(sock)
        ended.set()

    with server(wait) as port, proxy(port) as between:
        with connection(between) as sock:
            sock.sendall(b"x")
        assert ended.wait(DEADLINE)


def test_stop_ends_everything() -> None:
    between = Proxy(lambda _: Fate())
    with server(echo) as port:
        between.start(port)
        with connection(between) as sock:
            sock.sendall(b"x")
            assert sock.recv(1) == b"x"
            between.stop()
            assert all_of(sock) == b""
        assert THREAD_NAME not in {thread.name for thread in threading.enumerate()}


def test_it_can_be_stopped_before_it_is_started() -> None:
    Proxy(lambda _: Fate()).stop()
