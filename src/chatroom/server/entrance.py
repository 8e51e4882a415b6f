"""Who is let in: a new connection gets its thread, or is told why not."""

import contextlib
import logging
import socket
import time
from collections.abc import Callable

from chatroom.protocol import events
from chatroom.protocol.errors import ErrorCode, ProtocolError
from chatroom.server.connection import Connection
from chatroom.server.connections import Connections, too_many
from chatroom.server.services import Services
from chatroom.server.visit import farewell
from chatroom.tcp import tune

_QUIET_SECONDS = 1.0
"""How long no other connection that is turned away is logged, so that a flood does not fill the
disk."""

_log = logging.getLogger(__name__)


class Entrance:
    """Starts connections. Belongs to the listener's thread.

    Args:
        services: what all connections share.
        connections: where they are counted.
        clock: seconds that only go forward.
    """

    def __init__(
        self,
        services: Services,
        connections: Connections,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._services = services
        self._connections = connections
        self._clock = clock
        self._quiet_until = clock()  # when one that is turned away is logged again
        self._untold = 0  # how many were not logged

    def serve(self, sock: socket.socket, address: str) -> None:
        """Give the connection `sock` from `address` a thread, if it may come in."""
        try:
            self._services.bans.check_address(address)
            self._connections.check(address)
            self._start(sock, address)
        except ProtocolError as problem:
            if self._is_to_be_told():
                _log.warning("A connection from %s was turned away: %s", address, problem.message)
            self._say_no(sock, problem)
        except OSError:  # it is gone again
            sock.close()

    def turn_away(self, sock: socket.socket) -> None:
        """Tell a connection that the process can have no more of them."""
        if self._is_to_be_told():
            _log.warning("A connection was turned away, for the process has too many open files.")
        self._say_no(
            sock, too_many("The server has no room for more connections; try again later.")
        )

    def _is_to_be_told(self) -> bool:
        """Say whether to log a connection that is turned away; others are counted."""
        now = self._clock()
        if now < self._quiet_until:
            self._untold += 1
            return False
        if self._untold:
            _log.warning("Meanwhile %s more were turned away.", self._untold)
        self._quiet_until, self._untold = now + _QUIET_SECONDS, 0
        return True

    def _start(self, sock: socket.socket, address: str) -> None:
        sock.setblocking(True)
        tune(sock)
        connection = Connection(sock, address, self._services, self._connections.remove)
        self._connections.add(connection)
        self._services.counts.connections += 1  # before it can ask how many there were
        try:
            connection.start()
        except RuntimeError:
            self._connections.remove(connection)
            raise too_many("The server can start no more threads; try again later.") from None

    def _say_no(self, sock: socket.socket, problem: ProtocolError) -> None:
        """Say why, as far as the socket takes it at once, and close."""
        self._services.counts.turned_away[problem.code] += 1
        if problem.code is ErrorCode.BANNED:
            bye = farewell(problem)
        else:
            bye = events.bye(problem.code.value, reconnect=True, after_ms=5000)
        with sock, contextlib.suppress(OSError):
            sock.setblocking(False)
            sock.send(events.error(problem) + bye)
