import select
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from chatroom.client.address import parse_address
from chatroom.client.errors import Unreachable
from chatroom.client.line import Line
from chatroom.client.wire import LineBroken
from tests.client.peer import DEADLINE, Peer, broadcast, silent_port


def _soon() -> float:
    return time.monotonic() + DEADLINE


def _nothing() -> bytes:
    return b""


def _open(peer: Peer) -> Line:
    line = Line(parse_address(peer.address))
    line.open(_soon())
    return line


def test_every_address_of_a_name_is_tried(peer: Peer) -> None:
    """The name stands for an IPv6 address too, where nobody listens."""
    line = Line(parse_address(f"localhost:{peer.port}"))
    line.open(_soon())
    peer.accept().send(broadcast(1))
    assert line.read(_soon()) == [broadcast(1)]
    line.close()


def test_a_kind_of_address_that_the_system_lacks_is_passed_over(
    peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name may stand for an IPv6 address where IPv6 is switched off."""
    found = socket.getaddrinfo("127.0.0.1", peer.port, type=socket.SOCK_STREAM)
    lacking = [(250, *rest) for _, *rest in found]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [*lacking, *found])
    _open(peer).close()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: lacking)
    with pytest.raises(Unreachable, match="not supported"):
        _open(peer)


def test_reading_ends_at_the_deadline(peer: Peer) -> None:
    line = _open(peer)
    with pytest.raises(TimeoutError):
        line.read(time.monotonic())
    line.close()


def test_waiting_for_either_end_of_a_full_socket_ends_at_the_deadline(peer: Peer) -> None:
    line = _open(peer)
    assert not line.pump(lambda: b"x" * 65536)
    with pytest.raises(TimeoutError):
        line.wait_either(time.monotonic() + 0.05)
    line.close()


def test_what_was_given_back_is_read_first(peer: Peer) -> None:
    line = _open(peer)
    peer.accept().send(broadcast(2))
    line.unread([broadcast(1)])
    assert line.wait_either(_soon())
    assert line.read(_soon()) == [broadcast(1)]
    assert line.read(_soon()) == [broadcast(2)]
    line.close()


def test_a_full_socket_keeps_the_rest_until_there_is_room(peer: Peer) -> None:
    line = _open(peer)
    visitor = peer.accept()
    data = b'{"command":"PM","message":"%s"}\n' % (b"x" * 60000)
    portions = iter([data] * 300)
    assert not line.pump(lambda: next(portions, b""))
    assert not line.wait_writable(time.monotonic())
    reading = peer.run(lambda: [visitor.expect("PM") for _ in range(300)])
    while not line.pump(lambda: next(portions, b"")):
        assert line.wait_writable(_soon())
    assert not line.backlog
    assert len(reading.result(DEADLINE)) == 300
    line.close()


def test_only_one_thread_waits_at_a_time_and_the_others_keep_their_deadlines(peer: Peer) -> None:
    line = _open(peer)
    assert not line.pump(lambda: b"x" * 65536)
    first = peer.run(lambda: line.wait_writable(_soon()))
    assert not line.wait_writable(time.monotonic() + 0.05)
    line.abort()
    assert first.result(DEADLINE)
    line.close()


def test_abort_wakes_the_reader(peer: Peer) -> None:
    line = _open(peer)
    reading = peer.run(lambda: line.read(_soon()))
    line.abort()
    with pytest.raises(LineBroken):
        reading.result(DEADLINE)
    line.close()


def test_abort_interrupts_connecting(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server's queue is full, so the connection is neither taken nor refused."""
    connecting = threading.Event()

    def poll() -> select.poll:
        connecting.set()
        return plain_poll()

    plain_poll = select.poll
    monkeypatch.setattr(select, "poll", poll)
    with silent_port() as port, ThreadPoolExecutor(1) as threads:
        line = Line(parse_address(f":{port}"))
        opening = threads.submit(line.open, time.monotonic() + 60)
        assert connecting.wait(DEADLINE)
        line.abort()
        with pytest.raises(Unreachable):
            opening.result(DEADLINE)
        line.close()


def test_a_closed_line_neither_reads_nor_writes(peer: Peer) -> None:
    line = _open(peer)
    line.close()
    line.close()
    with pytest.raises(LineBroken, match="is closed"):
        line.read(_soon())
    assert line.pump(lambda: pytest.fail("nothing may be taken for a closed line"))
    assert line.wait_writable(_soon())
    assert line.wait_either(_soon())


def test_writing_to_a_broken_connection_is_left_to_the_reader(peer: Peer) -> None:
    line = _open(peer)
    peer.accept().reset()
    portions = iter([b"x"] * 3)
    with pytest.raises(LineBroken):
        line.read(_soon())
    assert line.pump(lambda: next(portions, b""))
    line.close()


def test_an_aborted_line_does_not_open(peer: Peer) -> None:
    line = Line(parse_address(peer.address))
    line.abort()
    with pytest.raises(Unreachable):
        line.open(_soon())
    assert peer.quiet()
    line.close()
    assert line.pump(_nothing)
