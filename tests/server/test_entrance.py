"""Who is let in."""

import json
import socket
import threading

import pytest

from chatroom.config import Limits
from chatroom.protocol.errors import ErrorCode
from chatroom.server.connections import Connections
from chatroom.server.entrance import Entrance
from chatroom.server.tickets import Answer, Release
from tests.clock import Clock
from tests.server.stage import DEADLINE, full_pair, services_that_note, tcp_pair

ENDLESS = Limits(login_seconds=0)
"""Limits that need no timer."""


def told(client: socket.socket) -> list[dict[str, object]]:
    """Return what a client that was turned away has been told, up to the end."""
    data = b""
    while more := client.recv(65536):
        data += more
    return [json.loads(line) for line in data.splitlines()]


def is_turned_away(client: socket.socket) -> str:
    """See that a client has been turned away; return why."""
    error, bye = told(client)
    assert (error["type"], error["code"]) == ("error", "too_many_connections")
    assert bye == {
        "type": "bye",
        "reason": "too_many_connections",
        "reconnect": True,
        "after_ms": 5000,
    }
    return str(error["message"])


def test_a_connection_gets_a_thread_and_is_counted_while_it_lasts() -> None:
    services, tickets = services_that_note(ENDLESS)
    connections = Connections(1, 1)
    with tcp_pair() as (near, client):
        Entrance(services, connections).serve(near, "here")
        assert "client here" in {thread.name for thread in threading.enumerate()}
        assert [connection.address for connection in connections.all()] == ["here"]
        assert near.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        client.sendall(b'{"command": "ping"}')
        client.shutdown(socket.SHUT_WR)
        assert connections.wait_empty(DEADLINE)
        assert [type(ticket) for ticket in tickets] == [Answer, Release]


def test_one_too_many_is_told_so() -> None:
    services, _ = services_that_note()
    connections = Connections(0, 1)
    with tcp_pair() as (near, client), tcp_pair() as (other, second):
        entrance = Entrance(services, connections)
        entrance.serve(near, "here")
        entrance.serve(other, "here")
        assert is_turned_away(second).startswith("here has as many connections")
        assert other.fileno() == -1
        client.close()
        assert connections.wait_empty(DEADLINE)
        assert services.counts.connections == 1
        assert services.counts.turned_away[ErrorCode.TOO_MANY_CONNECTIONS] == 1


def test_without_a_descriptor_one_is_told_so(caplog: pytest.LogCaptureFixture) -> None:
    services, _ = services_that_note()
    with tcp_pair() as (near, client):
        Entrance(services, Connections(0, 0)).turn_away(near)
        assert "no room for more connections" in is_turned_away(client)
        assert "too many open files" in caplog.text
        assert services.counts.turned_away[ErrorCode.TOO_MANY_CONNECTIONS] == 1


def test_a_flood_does_not_fill_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """One that is turned away is logged each second, with the number of the others."""
    services, _ = services_that_note()
    clock = Clock()
    entrance = Entrance(services, Connections(0, 0), clock)
    for clock.now in (1000.0, 1000.5, 1000.9, 1001.0, 1001.1, 1009.0):
        with tcp_pair() as (near, _):
            entrance.turn_away(near)
    told = "A connection was turned away, for the process has too many open files."
    assert [record.getMessage() for record in caplog.records] == [
        told,
        "Meanwhile 2 more were turned away.",
        told,
        "Meanwhile 1 more were turned away.",
        told,
    ]


def test_without_a_thread_one_is_told_so() -> None:
    services, _ = services_that_note()
    connections = Connections(0, 0)
    with tcp_pair() as (near, client):
        before = threading.stack_size(1 << 47)  # more than there are addresses
        try:
            Entrance(services, connections).serve(near, "here")
        finally:
            threading.stack_size(before)
        assert "no more threads" in is_turned_away(client)
        assert len(connections) == 0


def test_one_that_is_gone_again_costs_nothing() -> None:
    """What is no TCP connection any more cannot be set up; nor does it take a farewell."""
    services, tickets = services_that_note()
    connections = Connections(0, 0)
    entrance = Entrance(services, connections)
    with full_pair() as (near, _):
        entrance.serve(near, "here")
        assert near.fileno() == -1
    with full_pair() as (near, far):
        far.close()
        entrance.turn_away(near)
        assert near.fileno() == -1
    assert (len(connections), tickets) == (0, [])
