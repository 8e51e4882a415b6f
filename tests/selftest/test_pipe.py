"""One direction of a connection: what is held back, cut into pieces, kept for a slow side."""

import socket
from collections.abc import Iterator

import pytest

from chatroom.selftest.pipe import PIPE_BYTES, SPLIT_BYTES, Pipe


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Where a pipe writes to, and where that can be read; both do not block."""
    near, far = socket.socketpair()
    with near, far:
        near.setblocking(False)
        far.setblocking(False)
        yield near, far


Ends = tuple[socket.socket, socket.socket]


def arrived(far: socket.socket) -> bytes:
    """Returns what can be read."""
    try:
        return far.recv(1 << 20)
    except BlockingIOError:
        return b""


def test_it_passes_on_at_once(ends: Ends) -> None:
    pipe = Pipe(ends[0])
    pipe.put(b"one", 0.0)
    pipe.put(b"two", 0.0)
    pipe.pump(0.0)
    assert arrived(ends[1]) == b"onetwo"
    assert pipe.due is None


def test_it_holds_everything_back_for_so_long(ends: Ends) -> None:
    pipe = Pipe(ends[0], delay=0.5)
    pipe.put(b"late", 10.0)
    pipe.pump(10.4)
    assert arrived(ends[1]) == b""
    assert pipe.due == 10.5
    pipe.pump(10.5)
    assert arrived(ends[1]) == b"late"


def test_it_passes_the_first_bytes_on_in_pieces(ends: Ends) -> None:
    pipe = Pipe(ends[0], piece=10)
    data = bytes(range(256)) * 20
    pipe.put(data, 0.0)
    seen: list[bytes] = []
    while (due := pipe.due) is not None:
        pipe.pump(due)
        seen.append(arrived(ends[1]))
    assert b"".join(seen) == data
    assert [len(piece) for piece in seen] == [10] * (SPLIT_BYTES // 10) + [len(data) - SPLIT_BYTES]


def test_hurry_ends_all_that(ends: Ends) -> None:
    pipe = Pipe(ends[0], delay=5.0, piece=1)
    pipe.put(b"before", 0.0)
    pipe.hurry()
    pipe.put(b" after", 0.0)
    pipe.pump(0.0)
    assert arrived(ends[1]) == b"before after"


def test_it_keeps_what_the_other_side_does_not_take(ends: Ends) -> None:
    pipe = Pipe(ends[0])
    data = bytes(range(256)) * 8192
    pipe.put(data, 0.0)
    pipe.pump(0.0)
    assert (pipe.blocked, pipe.full) == (True, True)
    seen = b""
    while len(seen) < len(data):
        pipe.pump(0.0)
        seen += arrived(ends[1])
    assert seen == data
    assert (pipe.blocked, pipe.full) == (False, False)


def test_it_is_full_before_it_is_large(ends: Ends) -> None:
    pipe = Pipe(ends[0], delay=1.0)
    pipe.put(bytes(PIPE_BYTES - 1), 0.0)
    assert not pipe.full
    pipe.put(b"x", 0.0)
    assert pipe.full


def test_it_is_finished_when_all_before_the_end_has_gone(ends: Ends) -> None:
    pipe = Pipe(ends[0])
    pipe.put(b"last", 0.0)
    pipe.ended = True
    assert not pipe.finished
    pipe.pump(0.0)
    assert pipe.finished


def test_a_side_that_is_gone_is_an_error(ends: Ends) -> None:
    pipe = Pipe(ends[0])
    ends[1].close()
    pipe.put(b"x", 0.0)
    with pytest.raises(BrokenPipeError):
        pipe.pump(0.0)
