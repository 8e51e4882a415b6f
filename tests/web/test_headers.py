"""What every reply says to the browser."""

import pytest

from chatroom.web.headers import for_all, host_of


@pytest.mark.parametrize(
    "host",
    [
        "chat.example.org",
        "chat.example.org:12345",
        "127.0.0.1",
        "127.0.0.1:80",
        "[::1]:80",
        "A-b_c",
    ],
)
def test_a_host_goes_into_the_policy(host: str) -> None:
    """Not every browser takes 'self' for a WebSocket."""
    policy = dict(for_all(host))["Content-Security-Policy"]
    assert policy.endswith(f"connect-src 'self' ws://{host} wss://{host}")


@pytest.mark.parametrize(
    "host",
    ["", "a; script-src *", "a b", "a,b", "a'b'", "a:b", "a:123456", "[::1", "*", "é", "a\r\nb: c"],
)
def test_what_is_no_host_gets_into_no_header(host: str) -> None:
    assert host_of(host) is None
    for _, value in for_all(host):
        assert not host or host not in value
    assert dict(for_all(host))["Content-Security-Policy"].endswith("connect-src 'self'")
