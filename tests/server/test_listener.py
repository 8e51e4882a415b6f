"""The thread that takes connections in."""

import errno
import os
import resource
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import Queue

import pytest

from chatroom.server.listener import Listener, listen
from tests.server.stage import DEADLINE

Accepted = tuple[socket.socket, "tuple[str, int]"]


class Door(socket.socket):
    """A listening socket on a free port. `before` is called in front of each accept."""

    def __init__(self) -> None:
        super().__init__()
        self.bind(("127.0.0.1", 0))
        self.listen()
        self.setblocking(False)
        self.before: Callable[[], None] = lambda: None

    def accept(self) -> Accepted:
        """Accept a connection."""
        self.before()
        return super().accept()

    def fail(self, *numbers: int) -> None:
        """Let the next calls of accept fail."""
        left = list(numbers)

        def fail() -> None:
            if left:
                number = left.pop(0)
                raise OSError(number, os.strerror(number))

        self.before = fail


class Porter:
    """Runs a listener at a door, and writes down who came."""

    def __init__(self, door: socket.socket) -> None:
        self.door = door
        self.served: Queue[str] = Queue()
        self.turned_away: Queue[socket.socket] = Queue()
        self._listener = Listener(door, "porter", self._serve, self._turn_away)
        self.address: tuple[str, int] = door.getsockname()

    def _serve(self, sock: socket.socket, address: str) -> None:
        sock.close()
        self.served.put(address)

    def _turn_away(self, sock: socket.socket) -> None:
        sock.close()
        self.turned_away.put(sock)

    @contextmanager
    def working(self) -> Iterator[None]:
        """Let the listener run."""
        self._listener.start()
        assert "porter" in {thread.name for thread in threading.enumerate()}
        yield
        self._listener.stop()
        assert "porter" not in {thread.name for thread in threading.enumerate()}

    def connect(self) -> socket.socket:
        """Connect to the door."""
        return socket.create_connection(self.address, DEADLINE)


def test_everyone_who_comes_is_served() -> None:
    porter = Porter(listen("127.0.0.1", 0))
    with porter.working():
        clients = [porter.connect() for _ in range(5)]
        assert [porter.served.get(timeout=DEADLINE) for _ in clients] == ["127.0.0.1"] * 5
        for client in clients:
            client.close()
    assert porter.door.fileno() == -1
    with pytest.raises(ConnectionRefusedError):
        porter.connect()


def test_who_comes_through_a_file_is_local() -> None:
    door = socket.socket(socket.AF_UNIX)
    door.bind("")  # Linux chooses a name that is no file
    door.listen()
    door.setblocking(False)
    client = socket.socket(socket.AF_UNIX)
    porter = Porter(door)
    with porter.working(), client:
        client.connect(door.getsockname())
        assert porter.served.get(timeout=DEADLINE) == "local"


def test_one_who_is_gone_before_being_taken_in_is_passed_over(
    caplog: pytest.LogCaptureFixture,
) -> None:
    door = Door()
    door.fail(errno.ECONNABORTED)
    porter = Porter(door)
    with porter.working(), porter.connect():
        assert porter.served.get(timeout=DEADLINE)
    assert "could not be taken in" in caplog.text


def test_without_a_descriptor_one_is_turned_away_and_the_next_is_served() -> None:
    door = Door()
    door.fail(errno.EMFILE)
    porter = Porter(door)
    with porter.working(), porter.connect() as client:
        assert porter.turned_away.get(timeout=DEADLINE).fileno() == -1
        assert client.recv(1) == b""
        with porter.connect():
            assert porter.served.get(timeout=DEADLINE)


@contextmanager
def no_more_descriptors() -> Iterator[list[int]]:
    """Use up all descriptors; yield those that were made for it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    made = [os.dup(0)]
    resource.setrlimit(resource.RLIMIT_NOFILE, (made[0] + 64, hard))
    try:
        while True:
            try:
                made.append(os.dup(0))
            except OSError:
                break
        yield made
    finally:
        for descriptor in made:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_the_listener_outlives_a_time_in_which_others_take_every_descriptor(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Somebody else takes even the one that it has spared for this."""
    door, tried = Door(), threading.Semaphore(0)
    porter = Porter(door)
    with porter.working(), porter.connect() as client:
        porter.served.get(timeout=DEADLINE)
        with socket.socket() as late, no_more_descriptors() as made:

            def take_what_there_is() -> None:
                tried.release()
                try:
                    made.append(os.dup(0))
                except OSError:
                    return

            door.before = take_what_there_is
            late.connect(door.getsockname())
            for _ in range(4):
                assert tried.acquire(timeout=DEADLINE)
            door.before = lambda: None
        with porter.connect():  # whether or not the one before was turned away at last
            assert porter.served.get(timeout=DEADLINE)
        assert client.recv(1) == b""
    assert "could not be taken in: Too many open files" in caplog.text


def test_it_ends_although_there_is_no_end_of_those_who_come() -> None:
    porter: Porter

    class Rush(Door):
        def accept(self) -> Accepted:
            near, far = socket.socketpair()
            far.close()
            return near, ("127.0.0.1", 1)

    with Rush() as door:
        porter = Porter(door)
        with porter.working(), socket.create_connection(porter.address):
            assert porter.served.get(timeout=DEADLINE)


def test_a_port_is_taken_once() -> None:
    with listen("127.0.0.1", 0) as first:
        _, port = first.getsockname()
        with pytest.raises(OSError, match="Address already in use"):
            listen("127.0.0.1", port)
        assert first.getblocking() is False


def test_a_name_and_an_address_of_either_kind_can_be_listened_on() -> None:
    with listen("localhost", 0) as sock:
        assert sock.getsockname()[1]
    try:
        with listen("::1", 0) as sock:
            assert sock.getsockname()[0] == "::1"
    except OSError:
        pytest.skip("this machine has no IPv6")


@pytest.mark.parametrize("host", ["256.256.256.256", "no..host", "x" * 70])
def test_an_unknown_host_cannot_be_listened_on(host: str) -> None:
    with pytest.raises(OSError, match=r"\[Errno"):
        listen(host, 0)
