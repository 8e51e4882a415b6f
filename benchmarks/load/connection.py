"""One client's connection."""

import socket
from collections.abc import Callable

from benchmarks.load.orders import HOST
from benchmarks.load.wire import Entrance

Hook = Callable[[bytearray, int, int], None]
"""Called with what came, its length, and how many messages are in it."""

SOURCES = 200
"""From how many loopback addresses clients connect, so that there are ports for all of them."""

_BIND_ADDRESS_NO_PORT = 24  # of linux/in.h: choose the port when connecting, per destination


class Connection:
    """A socket that never blocks, and what is known of whoever holds it.

    Args:
        entrance: the client's way in.
        port: where the server listens.
        on_blocked: called when the socket takes no more, and when it has taken all again.
    """

    __slots__ = (
        "_on_blocked",
        "_owed",
        "confirmed",
        "cut",
        "descriptor",
        "entrance",
        "got",
        "hook",
        "number",
        "receive",
        "rest",
        "send",
        "sock",
    )

    def __init__(
        self, entrance: Entrance, port: int, on_blocked: Callable[["Connection", bool], None]
    ) -> None:
        self.entrance = entrance
        self.number = entrance.number
        self.got = 0
        """How many messages came."""
        self.confirmed = 0
        """How many of its own were confirmed."""
        self.hook: Hook | None = None
        self.cut = b""
        """See `Samples.take`."""
        self.rest = b""
        """The line that has not come whole, where lines are looked at."""
        self._owed = b""
        self._on_blocked = on_blocked
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            self.sock.setsockopt(socket.IPPROTO_IP, _BIND_ADDRESS_NO_PORT, 1)
            self.sock.bind((f"127.0.0.{2 + self.number % SOURCES}", 0))
            self.sock.settimeout(10)
            self.sock.connect((HOST, port))
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.sock.setblocking(False)
        except BaseException:
            self.sock.close()
            raise
        self.descriptor = self.sock.fileno()
        self.receive = self.sock.recv_into
        self.send = self.sock.send

    def write(self, data: bytes) -> None:
        """Send what the socket takes and keep the rest; drop it if the connection is broken."""
        if self._owed:
            self._owed += data
            return
        try:
            sent = self.send(data)
        except BlockingIOError:
            sent = 0
        except OSError:  # whoever reads from it finds that out too, and tells it
            return
        if sent < len(data):
            self._owed = data[sent:]
            self._on_blocked(self, True)

    def write_owed(self) -> None:
        """Send more of what was kept, when the socket has room again."""
        owed, self._owed = self._owed, b""
        self.write(owed)
        if not self._owed:
            self._on_blocked(self, False)
