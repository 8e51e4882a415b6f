"""What both ends of a connection ask of TCP."""

import socket

_KEEPALIVE = {"TCP_KEEPIDLE": 30, "TCP_KEEPINTVL": 10, "TCP_KEEPCNT": 3}
"""Another side that vanished without a word is noticed within a minute, and no thread waits."""


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
