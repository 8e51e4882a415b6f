"""How long a socket that is full has taken nothing at all."""

import fcntl
import struct
import sys
import termios
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import HasFileno


class Stuck:
    """A full socket, from the moment in which it was found so or took something.

    A selector tells that there is room again only when there is much of it. A reader on a slow line
    may take bytes for minutes before that, so what the system still holds for it is looked at too.
    The thread that makes it owns it; others may call `seconds`.

    Args:
        sock: the socket.
        clock: seconds that only go forward.
    """

    def __init__(self, sock: "HasFileno", clock: Callable[[], float] = time.monotonic) -> None:
        self._sock = sock
        self._clock = clock
        self._since = clock()
        self._unsent = _unsent(sock)

    def seconds(self) -> float:
        """Return for how long nothing has been taken. For one thread at a time."""
        unsent = _unsent(self._sock)
        if not unsent or unsent < self._unsent:  # when all is taken, it waits for us
            self._unsent = unsent
            self._since = self._clock()
        return self._clock() - self._since


def _unsent(sock: "HasFileno") -> int:
    """Return how many bytes the system holds that the other side has not taken (tcp(7))."""
    try:
        return int(struct.unpack("i", fcntl.ioctl(sock, termios.TIOCOUTQ, bytes(4)))[0])
    except (OSError, ValueError):  # it is closed, or no such socket; then only the time counts
        return sys.maxsize
