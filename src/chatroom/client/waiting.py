"""Waiting until a socket can be read or written, up to a deadline."""

import select
import socket
import time

TO_READ, TO_WRITE = select.POLLIN, select.POLLOUT


def wait(channel: socket.socket, what: int, deadline: float) -> int:
    """Waits for the socket, without a limit on the number of open files as select has.

    Args:
        channel: The socket.
        what: `TO_READ`, `TO_WRITE` or both.
        deadline: When to give up, by `time.monotonic()`.

    Returns:
        What it is ready for, 0 at the deadline.
    """
    poller = select.poll()
    poller.register(channel, what)
    found = poller.poll(max(0.0, deadline - time.monotonic()) * 1000)
    return found[0][1] if found else 0
