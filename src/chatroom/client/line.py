"""One connection to a server: a socket, the frames that come out of it, the bytes that go in.

Any number of threads may write, one thread reads, any thread may `abort()`. Writing never blocks;
what the socket does not take is kept, and a thread that needs to wait until the socket takes more
does so in `wait_writable()`, outside the lock under which bytes are written. Under the same lock
they are encrypted and decrypted, in memory, if the line speaks TLS.

Lock order: `_waiting`, then `_lock`.
"""

import contextlib
import errno
import os
import socket
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from chatroom.client.address import Address
from chatroom.client.errors import Unreachable
from chatroom.client.trust import ORDINARY, Trust
from chatroom.client.waiting import TO_READ, TO_WRITE, wait
from chatroom.client.wire import LineBroken
from chatroom.protocol.frames import Frame, FrameDecoder
from chatroom.tcp import tune

if TYPE_CHECKING:
    from chatroom.tls import TlsSession

FRAME_BYTES = 16 * 1024 * 1024
"""The longest frame taken from a server: the list of users in a room of 20,000 is long."""

_READ_BYTES = 65536


class Line:
    """One connection, from `open()` to `close()`.

    Args:
        address: Where the server listens.
        trust: What is asked of it.
    """

    def __init__(self, address: Address, trust: Trust = ORDINARY) -> None:
        self.address = address
        self._trust = trust
        self._lock = threading.Lock()  # guards all below; never held across a call that blocks
        self._waiting = threading.Lock()  # held by the thread that waits until it can write
        self._socket: socket.socket | None = None  # None before open() and after close()
        self._session: TlsSession | None = None  # None where it is not encrypted
        self._aborted = False
        self._rest = memoryview(b"")  # what the socket has not taken yet
        self._decoder = FrameDecoder(FRAME_BYTES)
        self._unread: list[Frame] = []  # frames given back, to be read first

    def again(self) -> "Line":
        """Returns a new line to the same server, of which the same is asked."""
        return Line(self.address, self._trust)

    def open(self, deadline: float) -> None:
        """Connects, trying each address that the name stands for, and makes the line secure.

        Args:
            deadline: When to give up, by `time.monotonic()`.

        Raises:
            Unreachable: Nobody took the connection, or no TLS can be spoken there.
            NotTrusted: It is not, or not for certain, the server that is meant.
            LoginRefused: It has no room.
            TimeoutError: It did not answer in time.
        """
        channel = self._dial(deadline)
        if not self._trust.wants_tls(_peer(channel)):
            return
        from chatroom.client.guard import NobodyVouches  # noqa: PLC0415 - heavy

        guard = self._trust.guard(self.address)
        try:
            session = guard.secure(channel, deadline)
        except NobodyVouches:
            self._hang_up()
            raise guard.look(self._dial(deadline), deadline) from None
        with self._lock:
            self._session = session
            self._unread = self._decoder.feed(session.decrypt(b""))

    def _dial(self, deadline: float) -> socket.socket:
        """Connects, and returns the socket."""
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
                return candidate
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
            in_time = wait(candidate, TO_WRITE, deadline)
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
        if not wait(self._socket, TO_READ, deadline):
            raise TimeoutError
        try:
            data = self._socket.recv(_READ_BYTES)
        except OSError as error:
            raise _broken(error) from None
        if not data:
            raise LineBroken("The server closed the connection.")
        if self._session is not None:
            data = self._decrypt(self._session, data)
        return self._decoder.feed(data)

    def _decrypt(self, session: "TlsSession", data: bytes) -> bytes:
        """Returns what `data` says; what TLS answers to that goes out with the next bytes."""
        with self._lock:
            try:
                return session.decrypt(data)
            except OSError:
                raise LineBroken("What came from the server was not what it has sent.") from None
            finally:
                self._rest = memoryview(bytes(self._rest) + session.outgoing())

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
        data = more()
        if self._session is not None and data:
            self._session.encrypt(data)
            data = self._session.outgoing()
        self._rest = memoryview(data)
        return bool(data)

    def wait_writable(self, deadline: float) -> bool:
        """Waits until the socket takes more bytes or has broken; returns False at the deadline."""
        if not self._waiting.acquire(timeout=max(0.0, deadline - time.monotonic())):
            return False
        try:
            channel = self._socket
            return channel is None or bool(wait(channel, TO_WRITE, deadline))
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
        found = wait(channel, TO_READ | TO_WRITE, deadline)
        if not found:
            raise TimeoutError
        return bool(found & ~TO_WRITE)

    def abort(self) -> None:
        """Ends the conversation at once; whoever waits in `open()`, `read()` or to write wakes."""
        with self._lock:
            self._aborted = True
            self._shutdown()

    def _shutdown(self) -> None:
        """Shuts the socket down; the caller holds `_lock`."""
        if self._socket is not None:
            with contextlib.suppress(OSError):  # it may have ended already, or be full
                if self._session is not None and not self._rest:
                    self._session.finish()
                    self._socket.send(self._session.outgoing(), socket.MSG_DONTWAIT)
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Gives the socket back. Only for the thread that reads; idempotent."""
        self.abort()
        self._hang_up()

    def _hang_up(self) -> None:
        """Closes the socket."""
        # Nobody may wait on a number that the system is about to give to another socket.
        with self._waiting, self._lock:
            if self._socket is not None:
                self._socket.close()
                self._socket = None
            self._session = None
            self._rest = memoryview(b"")


def _peer(channel: socket.socket) -> str:
    """Returns the numeric address at the other end; nothing, so no loopback one, if it is gone."""
    try:
        return str(channel.getpeername()[0])
    except OSError:
        return ""


def _broken(error: OSError) -> LineBroken:
    return LineBroken(f"The connection to the server broke ({error.strerror or error}).")
