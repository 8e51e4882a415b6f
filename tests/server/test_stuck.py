"""Sockets that take nothing."""

import contextlib
import socket

from chatroom.server.stuck import Stuck
from tests.clock import Clock
from tests.server.stage import tcp_pair


def fill(sock: socket.socket) -> None:
    """Send until the other side's system and our own hold no more."""
    sock.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        while sock.send(bytes(65536)):
            pass


def test_time_passes_while_nothing_is_taken() -> None:
    clock = Clock()
    with tcp_pair() as (near, _):
        fill(near)
        stuck = Stuck(near, clock)
        clock.now += 29
        assert stuck.seconds() == 29


def test_what_is_taken_counts_long_before_there_is_room_again() -> None:
    """A selector would not wake for so little."""
    clock = Clock()
    with tcp_pair() as (near, far):
        far.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        fill(near)
        stuck = Stuck(near, clock)
        clock.now += 29
        while stuck.seconds():  # the systems of both sides tell each other in their own time
            assert far.recv(4096)
        clock.now += 3
        assert stuck.seconds() == 3


def test_a_socket_that_has_taken_everything_is_not_stuck() -> None:
    """It waits for its turn at the server, with which many others may be catching up."""
    clock = Clock()
    with tcp_pair() as (near, _):
        stuck = Stuck(near, clock)
        clock.now += 29
        assert stuck.seconds() == 0


def test_a_socket_that_is_closed_only_ages() -> None:
    clock = Clock()
    near, far = socket.socketpair()
    stuck = Stuck(near, clock)
    near.close()
    far.close()
    clock.now += 7
    assert stuck.seconds() == 7
