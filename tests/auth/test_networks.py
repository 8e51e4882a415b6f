"""Addresses and networks, as they are written."""

import pytest

from chatroom.auth.networks import address_of, network_of


@pytest.mark.parametrize(
    ("text", "network"),
    [
        ("203.0.113.9", "203.0.113.9/32"),
        ("203.0.113.9/24", "203.0.113.0/24"),
        ("0.0.0.0/0", "0.0.0.0/0"),
        ("2001:DB8::5", "2001:db8::/64"),
        ("2001:db8:0:1:2:3:4:5", "2001:db8:0:1::/64"),
        ("2001:db8::5/128", "2001:db8::5/128"),
        ("2001:db8::5/32", "2001:db8::/32"),
        ("::ffff:203.0.113.9", "203.0.113.9/32"),
        ("::ffff:203.0.113.9/120", "203.0.113.0/24"),
        ("::ffff:0:0/64", "::/64"),
    ],
)
def test_an_address_or_a_network_is_taken_as_it_is_meant(text: str, network: str) -> None:
    found = network_of(text)
    assert str(found) == network
    assert network_of(str(found)) == found


@pytest.mark.parametrize("text", ["", "bob", "10", "1.2.3", "1.2.3.4/33", "::1/129", "1.2.3.4:80"])
def test_anything_else_is_none(text: str) -> None:
    assert network_of(text) is None


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("fe80::1%eth0", "fe80::1"),
        ("local", "None"),
    ],
)
def test_a_connection_comes_from_an_address_or_none(text: str, address: str) -> None:
    assert str(address_of(text)) == address
