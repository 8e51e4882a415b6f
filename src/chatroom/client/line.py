"""One connection to a server: a socket, the frames that come out of it, the bytes that go in.

Any number of threads may write, one thread reads, any thread may `abort()`. Writing never blocks;
what the socket does not take is kept, and a thread that needs to wait until the socket takes more
does so in `wait_writable()`, outside the lock under which bytes are written.

Lock order: `_waiting`, then `_lock`.
"""

import contextlib
import errno
import os
import select
import socket
import threading
import time
from collections.abc import Callable

from chatroom.client.address import Address
from chatroom.client.errors import Unreachable
from chatroom.client.wire import LineBroken
from chatroom.protocol.frames import Frame, FrameDecoder
from chatroom.tcp import tune

FRAME_BYTES = 16 * 1024 * 1024
"""The longest frame taken from a server: the list of users in a room of 20,000 is long."""

_READ_BYTES = 65536


class Line:
    """One connection, from `open()` to `close()`.

    Args:
        address: Where the server listens.
    """

    def __init__(self, address: Address) -> None:
        self.address = address
        self._lock = threading.Lock()  # guards all below; never held across a call that blocks
        self._waiting = threading.Lock()  # held by the thread that waits until it can write
        self._socket: socket.socket | None = None  # None before open() and after close()
        self._aborted = False
        self._rest = memoryview(b"")  # what the socket has not taken yet
        self._decoder = FrameDecoder(FRAME_BYTES)
        self._unread: list[Frame] = []  # frames given back, to be read first

    def open(self, deadline: float) -> None:
        """Connects, trying each address that the name stands for.

        Args:
            deadline: When to give up, by `time.monotonic()`.

        Raises:
            Unreachable: Nobody took the connection.
        """
        try:
            found = socket.getaddrinfo(
                self.address.host, self.address.port, type=socket.SOCK_STREAM
            )
        except (OSError, UnicodeError):
            raise Unreachable(
                f"There is no host called {self.address.host}; check the spelling."
            ) from None
        problem = 0
        for family, kind, protocol, _, place in found:
            try:
                candidate = socket.socket(family, kind, protocol)
            except OSError as error:  # IPv6 may be switched off while names still stand for it
                problem = error.errno or errno.EIO
                continue
            problem = self._try(candidate, place, deadline)
            if problem == 0:
                return
        raise Unreachable(
            f"No chat room answers at {self.address} ({os.strerror(problem)});"
            " check the address and that the server is running."
        )

    def _try(self, candidate: socket.socket, place: tuple[object, ...], deadline: float) -> int:
        """Connects one socket and keeps it; returns 0 or the number of the error.

        The socket is known to `abort()` before the waiting begins, which makes the wait end.
        """
        candidate.settimeout(0.0)
        with self._lock:
            problem = errno.ECONNABORTED if self._aborted else candidate.connect_ex(place)
            if problem == errno.EINPROGRESS:
                self._socket = candidate
        if problem == errno.EINPROGRESS:
            in_time = _wait(candidate, select.POLLOUT, deadline)
            problem = candidate.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            problem = problem if in_time else errno.ETIMEDOUT
        with self._lock:
            if self._aborted:
                problem = problem or errno.ECONNABORTED
            self._socket = None if problem else candidate
        if problem:
            candidate.close()
        else:
            candidate.settimeout(None)
            tune(candidate)
        return problem

    def read(self, deadline: float) -> list[Frame]:
        """Waits for bytes and returns the frames that they complete, perhaps none.

        Only one thread may read.

        Args:
            deadline: When to give up, by `time.monotonic()`.

        Raises:
            LineBroken: The connection ended.
            TimeoutError: Nothing came in time.
        """
        if self._unread:
            frames, self._unread = self._unread, []
            return frames
        if self._socket is None:
            raise LineBroken("The connection is closed.")
        if not _wait(self._socket, select.POLLIN, deadline):
            raise TimeoutError
        try:
            data = self._socket.recv(_READ_BYTES)
        except OSError as error:
            raise _broken(error) from None
        if not data:
            raise LineBroken("The server closed the connection.")
        return self._decoder.feed(data)

    def unread(self, frames: list[Frame]) -> None:
        """Gives frames back; the next `read()` returns them."""
        self._unread = frames

    @property
    def backlog(self) -> bool:
        """Whether bytes are left that the socket has not taken."""
        return bool(self._rest)

    def pump(self, more: Callable[[], bytes]) -> bool:
        """Writes what is left, and then what `more()` gives, as far as the socket takes it.

        Never blocks. Calls of several threads do not mix.

        Args:
            more: Gives the next bytes, none when there are no more. Called only when they can be
                written, and never after `close()`.

        Returns:
            Whether everything has been written.
        """
        with self._lock:
            if self._socket is None:
                return True
            try:
                while self._rest or self._refill(more):
                    sent = self._socket.send(self._rest, socket.MSG_DONTWAIT)
                    self._rest = self._rest[sent:]
            except BlockingIOError:
                return False
            except OSError:
                self._shutdown()  # the reader learns it from the socket, and the rest follows
        return True

    def _refill(self, more: Callable[[], bytes]) -> bool:
        self._rest = memoryview(more())
        return bool(self._rest)

    def wait_writable(self, deadline: float) -> bool:
        """Waits until the socket takes more bytes or has broken; returns False at the deadline."""
        if not self._waiting.acquire(timeout=max(0.0, deadline - time.monotonic())):
            return False
        try:
            channel = self._socket
            return channel is None or bool(_wait(channel, select.POLLOUT, deadline))
        finally:
            self._waiting.release()

    def wait_either(self, deadline: float) -> bool:
        """Waits until there is something to read or the socket takes more; True: to read.

        Args:
            deadline: When to give up, by `time.monotonic()`.

        Raises:
            TimeoutError: Neither came in time.
        """
        channel = self._socket
        if channel is None or self._unread:
            return True
        found = _wait(channel, select.POLLIN | select.POLLOUT, deadline)
        if not found:
            raise TimeoutError
        return bool(found & ~select.POLLOUT)

    def abort(self) -> None:
        """Ends the conversation at once; whoever waits in `open()`, `read()` or to write wakes."""
        with self._lock:
            self._aborted = True
            self._shutdown()

    def _shutdown(self) -> None:
        """Shuts the socket down; the caller holds `_lock`."""
        if self._socket is not None:
            with contextlib.suppress(OSError):  # it may have ended already
                self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Gives the socket back. Only for the thread that reads; idempotent."""
        self.abort()
        # Nobody may wait on a number that the system is about to give to another socket.
        with self._waiting, self._lock:
            if self._socket is not None:
                self._socket.close()
                self._socket = None
            self._rest = memoryview(b"")


def _wait(channel: socket.socket, what: int, deadline: float) -> int:
    """Waits for the socket, without a limit on the number of open files as select has.

    Returns:
        What it is ready for, 0 at the deadline.
    """
    poller = select.poll()
    poller.register(channel, what)
    found = poller.poll(max(0.0, deadline - time.monotonic()) * 1000)
    return found[0][1] if found else 0


def _broken(error: OSError) -> LineBroken:
    return LineBroken(f"The connection to the server broke ({error.strerror or error}).")
