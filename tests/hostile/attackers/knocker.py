"""Somebody who opens a connection and closes it, as fast as that goes.

Options: `seconds`: for how long. It tells when it has begun, and how many there were.
"""

import contextlib
import socket
import struct
import time

from tests.hostile.attackers.script import connect, options, report
from tests.hostile.hello import client_hello

RESET = struct.pack("ii", 1, 0)


def main() -> None:
    """Knock."""
    told = options()
    words = (b"", b"\x16", client_hello(), b'{"command":"lo', b'{"command":"EX"}\n')
    end = time.monotonic() + told["seconds"]
    count = 0
    while time.monotonic() < end:
        with connect(told["port"], count) as sock, contextlib.suppress(ConnectionError):
            if word := words[count % len(words)]:
                sock.sendall(word)
            if count // len(words) % 2:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        count += 1
        if count == 1:
            report(connections=count)
    report(connections=count)


if __name__ == "__main__":
    main()
