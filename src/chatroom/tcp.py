"""What both ends of a connection ask of TCP, and whose an address is."""

import socket
from functools import lru_cache

_KEEPALIVE = {"TCP_KEEPIDLE": 30, "TCP_KEEPINTVL": 10, "TCP_KEEPCNT": 3}
"""Another side that vanished without a word is noticed within a minute, and no thread waits."""

_MAPPED = b"\0" * 10 + b"\xff\xff"
"""What an IPv4 address stands behind where IPv6 carries it (RFC 4291, section 2.5.5.2)."""

_IPV4_BYTES, _PREFIX_BYTES = 4, 8


def tune(sock: socket.socket) -> None:
    """Let `sock` send at once what it is given, and end when the other side is no longer there.

    Raises:
        OSError: it is not connected any more.
    """
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _KEEPALIVE.items():
        if hasattr(socket, name):  # macOS lacks one of them
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


@lru_cache(4096)  # asked when somebody connects and again at the login, there on a small stack
def origin(address: str) -> str:
    """Return what `address` is counted as: whoever can have one of them can have all of them.

    An IPv4 address stands for itself, also where IPv6 carries it. An IPv6 address stands for its
    /64, as that is the least that a customer or a host is given (RFC 6177). What is no address,
    such as the name of a Unix socket, stands for itself.

    Args:
        address: as `accept` gives it, perhaps with the zone of a link.
    """
    bits = packed(address)
    if len(bits) <= _IPV4_BYTES:
        return socket.inet_ntop(socket.AF_INET, bits) if bits else address
    network = bits[:_PREFIX_BYTES].ljust(len(bits), b"\0")
    return f"{socket.inet_ntop(socket.AF_INET6, network)}/64"


def is_loopback(address: str) -> bool:
    """Say whether only this machine itself can come from, or to, `address`."""
    bits = packed(address)
    if len(bits) == _IPV4_BYTES:
        return bits.startswith(b"\x7f")
    return bits == b"\1".rjust(16, b"\0")


def packed(address: str) -> bytes:
    """Return the bytes of `address` without its zone, 4 where it is IPv4 in truth; none if none."""
    plain = address.partition("%")[0]
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            return socket.inet_pton(family, plain).removeprefix(_MAPPED)
        except (OSError, ValueError):  # ValueError: it holds a NUL
            continue
    return b""
