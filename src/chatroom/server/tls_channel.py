"""A connection that speaks TLS, as the reading thread and the delivery see it: like a socket.

The reading thread waits in a plain `recv`, the delivery writes with MSG_DONTWAIT, and between them
OpenSSL works on memory under a lock that is never held while anybody waits
(docs/decisions/0015-tls-in-memory.md).
"""

import errno
import os
import socket
import ssl
import threading
from typing import TYPE_CHECKING

from chatroom.tls import TlsSession

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

BATCH_BYTES = 65536
"""How much is encrypted at a time. Nothing more is before the socket has taken that."""

HANDSHAKE_BYTES = 32768
"""The most that a client may send before the handshake is done."""

_UNREAD_BYTES = 4 * BATCH_BYTES
_SMALLEST_READ, _LARGEST_READ = 2048, 65536


class TlsChannel:
    """One connection. `shake` first; then one thread reads and another one writes.

    Args:
        sock: the connection, blocking; nobody else writes to it.
        context: what the server shows.
    """

    def __init__(self, sock: socket.socket, context: ssl.SSLContext) -> None:
        self._sock = sock
        self._lock = threading.Lock()  # guards all below but the two that only one thread uses
        self._session = TlsSession(context)
        self._open = False  # whether the handshake is done
        self._left = b""  # what is encrypted and the socket has not taken
        self._owed = False  # whether `send` has kept quiet about a byte that is encrypted
        self._early = b""  # what came with the end of the handshake; the reading thread's
        self._size = _SMALLEST_READ  # how much is read at a time; the reading thread's

    # For the reading thread.

    def shake(self, first: bytes) -> None:
        """Hold the handshake. Nobody else may write meanwhile, and `send` sees to that.

        Args:
            first: what has been read already.

        Raises:
            OSError: it failed, or the connection broke.
        """
        received, count = first, len(first)
        while not self._advance(received):
            received = self._sock.recv(_SMALLEST_READ)
            count += len(received)
            if not received or count > HANDSHAKE_BYTES:
                raise ConnectionAbortedError(errno.ECONNABORTED, "the TLS handshake has no end")
        with self._lock:
            self._early = self._session.decrypt(b"")
            self._open = True

    def _advance(self, received: bytes) -> bool:
        """Go on with the handshake, and send what belongs to it; return whether it is done."""
        try:
            return self._session.shake(received)
        finally:
            self._sock.sendall(self._session.outgoing())

    def recv(self, size: int) -> bytes:
        """Wait for something that the client said, and return it; nothing at the end.

        Args:
            size: how much is read from the socket at least; more when there is more.

        Raises:
            OSError: the connection broke, or what came is not what the client has sent.
        """
        if self._early:
            early, self._early = self._early, b""
            return early
        while not self._session.over:
            received = self._sock.recv(max(size, self._size))
            if not received:
                break
            full = len(received) >= self._size
            self._size = min(self._size * 4, _LARGEST_READ) if full else _SMALLEST_READ
            if data := self._decrypt(received):
                return data
        return b""

    def _decrypt(self, received: bytes) -> bytes:
        """Return what `received` completes, and send the answers of TLS itself, if it has any."""
        with self._lock:
            try:
                return self._session.decrypt(received)
            finally:
                if not self._flush() and self._session.pending > _UNREAD_BYTES:
                    raise ConnectionAbortedError(
                        errno.ECONNABORTED, "it asks for new keys and does not read"
                    )

    # For the delivery.

    def send(self, data: "ReadableBuffer", flags: int = 0, /) -> int:
        """Encrypt and send as much of `data` as the socket takes; return how many bytes that was.

        What is encrypted has its place in the stream and can only be sent as it is. What the socket
        leaves of it is kept here, and sent before anything else is encrypted. That the whole of
        `data` is taken is only said once the socket has all of it: until then one byte is left to
        be sent once more, which it is not. So the caller waits for room and comes back.

        Args:
            data: not empty; it begins with what the last call left of its own.
            flags: it never waits, whatever they are.

        Raises:
            OSError: the connection broke, or the handshake is not done.
        """
        del flags
        view = memoryview(data)
        with self._lock:
            if not self._open:
                raise OSError(errno.ENOTCONN, os.strerror(errno.ENOTCONN))
            if not self._flush():
                return 0
            count, self._owed = int(self._owed), False
            while count < len(view):
                count += self._session.encrypt(view[count : count + BATCH_BYTES])
                if not self._flush():
                    self._owed = count == len(view)
                    return count - self._owed
            return count

    def shutdown(self, how: int, /) -> None:
        """Shut the socket down; end the stream before, if only writing is over.

        Raises:
            OSError: it is not connected any more.
        """
        if how == socket.SHUT_WR:
            with self._lock:
                if self._open:
                    self._session.finish()
                    self._flush()  # what it does not take says no more than the `bye` has said
        self._sock.shutdown(how)

    def setsockopt(self, level: int, option: int, value: bytes, /) -> None:
        """See `socket.setsockopt`."""
        self._sock.setsockopt(level, option, value)

    def fileno(self) -> int:
        """Return the descriptor."""
        return self._sock.fileno()

    def close(self) -> None:
        """Give the descriptor back."""
        self._sock.close()

    def _flush(self) -> bool:
        """Send what is encrypted; return whether the socket took it. The caller has the lock."""
        while left := self._left or self._session.outgoing():
            try:
                sent = self._sock.send(left, socket.MSG_DONTWAIT)
            except BlockingIOError:
                sent = 0
            self._left = left[sent:]
            if self._left:
                return False
        return True
