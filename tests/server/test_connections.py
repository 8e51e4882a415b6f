"""Which connections there are, and how many there may be."""

import socket
import sys
import threading
from collections.abc import Iterator

import pytest

from chatroom.protocol.errors import ErrorCode, ProtocolError
from chatroom.server.connection import Connection
from chatroom.server.connections import PER_ADDRESS, Connections
from tests.server.stage import DEADLINE, services_that_note


class Made:
    """Connections that are never started."""

    def __init__(self) -> None:
        self._sockets: list[socket.socket] = []

    def __call__(self, address: str) -> Connection:
        """Return another one from `address`."""
        self._sockets.append(socket.socket())
        return Connection(self._sockets[-1], address, services_that_note()[0], lambda _: None)

    def close(self) -> None:
        """Close their sockets."""
        for sock in self._sockets:
            sock.close()


@pytest.fixture
def connection() -> Iterator[Made]:
    """Makes connections."""
    made = Made()
    yield made
    made.close()


def refused(connections: Connections, address: str) -> str:
    """See that nobody more may come from `address`; return why."""
    with pytest.raises(ProtocolError) as caught:
        connections.check(address)
    assert caught.value.code is ErrorCode.TOO_MANY_CONNECTIONS
    return caught.value.message


def test_those_who_come_and_go_are_counted(connection: Made) -> None:
    connections = Connections(0, 0)
    one, two = connection("a"), connection("a")
    connections.add(one)
    connections.add(two)
    assert len(connections) == 2
    assert set(connections.all()) == {one, two}
    connections.remove(one)
    assert connections.all() == [two]
    connections.check("a")


def test_there_is_a_limit_to_all(connection: Made) -> None:
    connections = Connections(2, 0)
    one, two = connection("a"), connection("b")
    connections.add(one)
    connections.check("c")
    connections.add(two)
    assert "as many connections as it takes" in refused(connections, "c")
    connections.remove(one)
    connections.check("c")


def test_there_is_a_limit_to_those_from_one_address(connection: Made) -> None:
    connections = Connections(0, 2)
    one, two = connection("a"), connection("a")
    connections.add(one)
    connections.check("a")
    connections.add(two)
    assert refused(connections, "a").startswith("a has as many connections")
    connections.check("b")
    connections.remove(one)
    connections.check("a")
    connections.remove(two)
    connections.check("a")


def test_an_ipv6_network_and_an_ipv4_address_count_as_one_each(connection: Made) -> None:
    """Whoever has one address of a /64 has all of them, and IPv4 may come wrapped in IPv6."""
    connections = Connections(0, 1)
    connections.add(connection("2001:db8:0:1::1"))
    connections.add(connection("::ffff:192.0.2.1"))
    assert refused(connections, "2001:db8:0:1:9::").startswith("2001:db8:0:1::/64 has as many")
    assert refused(connections, "192.0.2.1").startswith("192.0.2.1 has as many")
    connections.check("2001:db8:0:2::1")
    connections.check("192.0.2.2")
    connections.check("::ffff:192.0.2.2")


@pytest.mark.parametrize(
    ("address", "limited"),
    [("192.0.2.1", True), ("2001:db8::1", True), ("127.0.0.1", False), ("::1", False)],
)
def test_by_itself_there_is_a_limit_for_whoever_comes_from_elsewhere(
    connection: Made, address: str, *, limited: bool
) -> None:
    connections = Connections(0, "auto")
    for _ in range(PER_ADDRESS):
        connections.check(address)
        connections.add(connection(address))
    if limited:
        refused(connections, address)
    else:
        connections.check(address)


def test_one_can_wait_until_all_are_gone(connection: Made) -> None:
    connections = Connections(0, 0)
    assert connections.wait_empty(0)
    one = connection("a")
    connections.add(one)
    assert not connections.wait_empty(0.01)
    threading.Thread(target=connections.remove, args=(one,)).start()
    assert connections.wait_empty(DEADLINE)


def test_the_more_there_are_the_longer_a_thread_runs(connection: Made) -> None:
    """Few change nothing; of many, not all ask for the interpreter's lock all the time."""
    usual = sys.getswitchinterval()
    connections = Connections(0, 0)
    crowd = [connection("192.0.2.1") for _ in range(100)]
    for count, each in enumerate(crowd):
        connections.add(each)
        if count < 40:
            assert sys.getswitchinterval() == pytest.approx(usual)
    assert sys.getswitchinterval() == pytest.approx(2 * usual)
    for each in crowd:
        connections.remove(each)
    assert sys.getswitchinterval() == pytest.approx(usual)
