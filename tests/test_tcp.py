"""What both ends of a connection ask of TCP, and whose an address is."""

import ipaddress
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatroom.tcp import is_loopback, origin, tune


def test_small_messages_go_at_once_and_a_vanished_peer_is_noticed() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as sock,
    ):
        tune(sock)
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        if hasattr(socket, "TCP_KEEPIDLE"):
            assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) <= 60


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::1", "::/64"),
        ("local", "local"),
        ("", ""),
        ("a\0b", "a\0b"),
        ("é", "é"),
    ],
)
def test_what_an_address_is_counted_as(address: str, counted: str) -> None:
    assert origin(address) == counted


@given(st.ip_addresses(v=6), st.integers(0, (1 << 64) - 1))
def test_all_of_one_ipv6_network_are_one(address: ipaddress.IPv6Address, host: int) -> None:
    """As the standard library counts, but for IPv4 addresses, which come in one /64."""
    neighbour = ipaddress.IPv6Address(int(address) >> 64 << 64 | host)
    if address.ipv4_mapped or neighbour.ipv4_mapped:
        return
    assert origin(str(address)) == origin(str(neighbour))
    network = ipaddress.ip_network(origin(str(address)))
    assert address in network
    assert network.prefixlen == 64


@given(st.ip_addresses())
def test_the_loopback_is_what_the_standard_library_says(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    assert is_loopback(str(address)) == (mapped or address).is_loopback


@pytest.mark.parametrize("address", ["127.0.0.1", "127.9.9.9", "::1", "::1%lo", "::ffff:127.0.0.1"])
def test_this_machine_is_on_the_loopback(address: str) -> None:
    assert is_loopback(address)


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "localhost", "local", "", "10.0.0.1"])  # noqa: S104
def test_others_are_not(address: str) -> None:
    assert not is_loopback(address)
