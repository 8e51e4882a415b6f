"""Which pages may speak with the server."""

import pytest

from chatroom.web.origin import may_speak

ALLOWED = ("https://chat.example.org", "http://localhost:8000")


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        (None, "127.0.0.1:12345"),
        (None, ""),
        ("http://127.0.0.1:12345", "127.0.0.1:12345"),
        ("https://127.0.0.1:12345", "127.0.0.1:12345"),
        ("http://[::1]:12345", "[::1]:12345"),
        ("http://Chat.example.org", "chat.EXAMPLE.org"),
        ("http://a.example", "a.example:80"),
        ("https://a.example:443", "a.example"),
        ("https://chat.example.org", "127.0.0.1:12345"),
        ("HTTPS://CHAT.example.org", "127.0.0.1:12345"),
        ("http://localhost:8000", "127.0.0.1:12345"),
    ],
)
def test_no_page_its_own_and_those_that_are_allowed_may(origin: str | None, host: str) -> None:
    assert may_speak(origin, host, ALLOWED)


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("", ""),
        ("null", "127.0.0.1:12345"),
        ("null", "null"),
        ("http://", ""),
        ("https://evil.example", "127.0.0.1:12345"),
        ("http://127.0.0.1:12346", "127.0.0.1:12345"),
        ("http://127.0.0.1", "127.0.0.1:12345"),
        ("http://a.example:443", "a.example"),
        ("http://a.example", "a.example:443"),
        ("http://127.0.0.1:12345.evil.example", "127.0.0.1:12345"),
        ("http://evil.example/127.0.0.1:12345", "127.0.0.1:12345"),
        ("http://evil.example@127.0.0.1:12345", "127.0.0.1:12345"),
        ("https://chat.example.org.evil.example", "127.0.0.1:12345"),
        ("http://chat.example.org", "127.0.0.1:12345"),
        ("file://127.0.0.1:12345", "127.0.0.1:12345"),
        ("127.0.0.1:12345", "127.0.0.1:12345"),
        ("https://chat.example.org, http://127.0.0.1:12345", "127.0.0.1:12345"),
    ],
)
def test_others_may_not(origin: str, host: str) -> None:
    assert not may_speak(origin, host, ALLOWED)
