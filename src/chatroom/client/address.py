"""Addresses of servers as people write them."""

import msgspec

from chatroom.client.errors import Unreachable

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 12345

_LARGEST_PORT = 65535


class Address(msgspec.Struct, frozen=True):
    """Where a server listens; `str()` gives it back as `parse_address` reads it."""

    host: str
    """A name or a numeric address, without brackets."""
    port: int
    """1 to 65535."""

    def __str__(self) -> str:
        """Returns host:port, an IPv6 host in brackets."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_address(text: str) -> Address:
    """Reads an address.

    Args:
        text: "host", "host:port", "[::1]", "[::1]:port", "::1", ":port" or nothing. What is left
            out is 127.0.0.1 and 12345.

    Raises:
        Unreachable: It is no address; the sentence says how to write one.
    """
    text = text.strip()
    host, port = _split(text)
    if any(character.isspace() or character in "[]/" for character in host):
        raise _no_address(text)
    if port is None:
        return Address(host or DEFAULT_HOST, DEFAULT_PORT)
    if not (port.isascii() and port.isdigit() and 1 <= int(port[:6]) <= _LARGEST_PORT):
        raise _no_address(text)
    return Address(host or DEFAULT_HOST, int(port))


def _split(text: str) -> tuple[str, str | None]:
    """Returns the host, perhaps empty, and the port as written, None when there is none."""
    if text.startswith("["):
        host, bracket, rest = text[1:].partition("]")
        if not (host and bracket) or (rest and not rest.startswith(":")):
            raise _no_address(text)
        return host, rest[1:] if rest else None
    if text.count(":") > 1:  # an IPv6 address without brackets has no port
        return text, None
    host, colon, port = text.partition(":")
    return host, port if colon else None


def _no_address(text: str) -> Unreachable:
    return Unreachable(
        f"{text!r} is no address of a server; write it like 127.0.0.1:{DEFAULT_PORT},"
        f" example.org or [::1]:{DEFAULT_PORT}."
    )
