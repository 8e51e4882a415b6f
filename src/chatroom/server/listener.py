"""The thread that takes connections in."""

import errno
import logging
import os
import selectors
import socket
import threading
from collections.abc import Callable

BACKLOG = 4096
"""How many connections the system keeps until they are taken in; it may keep fewer."""

_NO_DESCRIPTOR = {errno.EMFILE, errno.ENFILE}
_PAUSE_SECONDS = 0.1
"""How long the thread stays away from a connection that it could not take in."""

_log = logging.getLogger(__name__)


class Listener:
    """Owns a listening socket, in a thread of its own.

    Args:
        sock: the listening socket, not blocking.
        name: of the thread.
        serve: takes a new connection over, with the address it comes from. It must not block for
            long: the next connection waits for it.
        turn_away: tells a connection that there are no more descriptors, and closes it.
    """

    def __init__(
        self,
        sock: socket.socket,
        name: str,
        serve: Callable[[socket.socket, str], None],
        turn_away: Callable[[socket.socket], None],
    ) -> None:
        self._sock = sock
        self._serve = serve
        self._turn_away = turn_away
        self._waker, self._woken = socket.socketpair()
        # Given up for the moment in which a connection that finds no descriptor is turned away.
        self._spare = _spare_descriptor()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin to take connections in."""
        self._thread.start()

    def stop(self) -> None:
        """Take no more in, close the listening socket and end the thread."""
        self._stopping.set()
        self._waker.send(b"\0")
        self._thread.join()
        for sock in (self._sock, self._waker, self._woken):
            sock.close()
        if self._spare is not None:
            os.close(self._spare)

    def _run(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._sock, selectors.EVENT_READ)
            selector.register(self._woken, selectors.EVENT_READ)
            while all(key.fileobj is not self._woken for key, _ in selector.select()):
                self._accept_all()

    def _accept_all(self) -> None:
        """Take in all who are waiting, of whom there may be no end."""
        while not self._stopping.is_set():
            try:
                sock, peer = self._sock.accept()
            except BlockingIOError:
                return
            except OSError as error:
                if error.errno in _NO_DESCRIPTOR and self._accept_without_descriptor():
                    continue
                _log.warning("A connection could not be taken in: %s.", error.strerror)
                self._stopping.wait(_PAUSE_SECONDS)  # it may be there still
                return
            self._serve(sock, str(peer[0]) if isinstance(peer, tuple) else "local")

    def _accept_without_descriptor(self) -> bool:
        """Turn one connection away, for the process has as many files open as it may have.

        Returns:
            Whether that could be done: other threads take descriptors too.
        """
        if self._spare is not None:
            os.close(self._spare)
        try:
            sock, _ = self._sock.accept()
            self._turn_away(sock)
        except OSError:
            return False
        finally:
            self._spare = _spare_descriptor()
        return True


def _spare_descriptor() -> int | None:
    """Return a descriptor that can be given up, None if there is none to be had."""
    try:
        return os.open(os.devnull, os.O_RDONLY)
    except OSError:
        return None


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket.

    Args:
        host: a name or an address, IPv4 or IPv6.
        port: 0 for any free one.

    Raises:
        OSError: the host is unknown, or the port is taken or not to be had.
    """
    try:
        family, *_, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except UnicodeError as error:  # it cannot even be asked for
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known") from error
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(address)
        sock.listen(BACKLOG)
    except BaseException:
        sock.close()
        raise
    sock.setblocking(False)
    return sock
