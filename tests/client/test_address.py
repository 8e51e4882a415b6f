import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatroom.client.address import Address, parse_address
from chatroom.client.errors import Unreachable

_EXPLANATION = r"write it like 127\.0\.0\.1:12345"


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("", "127.0.0.1", 12345),
        ("example.org", "example.org", 12345),
        ("example.org:99", "example.org", 99),
        (" 10.0.0.1:65535 ", "10.0.0.1", 65535),
        (":99", "127.0.0.1", 99),
        ("[::1]:99", "::1", 99),
        ("[::1]", "::1", 12345),
        ("::1", "::1", 12345),
        ("fe80::1%eth0", "fe80::1%eth0", 12345),
    ],
)
def test_every_way_to_write_an_address(text: str, host: str, port: int) -> None:
    assert parse_address(text) == Address(host, port)


@pytest.mark.parametrize("port", ["", "0", "65536", "x", "-1", "٣", "99999999999999999999"])
def test_what_is_no_port_is_explained(port: str) -> None:
    with pytest.raises(Unreachable, match=_EXPLANATION):
        parse_address(f"host:{port}")


@pytest.mark.parametrize("text", ["[::1", "[]:1", "[::1]99", "http://host", "a b", "a]"])
def test_what_is_no_address_is_explained(text: str) -> None:
    with pytest.raises(Unreachable, match=_EXPLANATION):
        parse_address(text)


@given(st.sampled_from(["example.org", "::1", "10.0.0.1"]), st.integers(1, 65535))
def test_an_address_is_read_back_as_it_is_written(host: str, port: int) -> None:
    assert parse_address(str(Address(host, port))) == Address(host, port)


@given(st.text())
def test_any_text_is_an_address_or_refused_with_a_sentence(text: str) -> None:
    try:
        parsed = parse_address(text)
    except Unreachable:
        return
    assert 1 <= parsed.port <= 65535
