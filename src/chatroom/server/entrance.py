"""Who is let in: a new connection gets its thread, or is told why not."""

import contextlib
import logging
import socket

from chatroom.protocol import events
from chatroom.protocol.errors import ErrorCode, ProtocolError
from chatroom.server.connection import Connection
from chatroom.server.connections import Connections, too_many
from chatroom.server.services import Services
from chatroom.tcp import tune

_log = logging.getLogger(__name__)


class Entrance:
    """Starts connections. Belongs to the listener's thread.

    Args:
        services: what all connections share.
        connections: where they are counted.
    """

    def __init__(self, services: Services, connections: Connections) -> None:
        self._services = services
        self._connections = connections

    def serve(self, sock: socket.socket, address: str) -> None:
        """Give the connection `sock` from `address` a thread, if it may come in."""
        try:
            self._services.bans.check_address(address)
            self._connections.check(address)
            self._start(sock, address)
        except ProtocolError as problem:
            _log.warning("A connection from %s was turned away: %s", address, problem.message)
            _say_no(sock, problem)
        except OSError:  # it is gone again
            sock.close()

    def turn_away(self, sock: socket.socket) -> None:
        """Tell a connection that the process can have no more of them."""
        _log.warning("A connection was turned away, for the process has too many open files.")
        _say_no(sock, too_many("The server has no room for more connections; try again later."))

    def _start(self, sock: socket.socket, address: str) -> None:
        sock.setblocking(True)
        tune(sock)
        connection = Connection(sock, address, self._services, self._connections.remove)
        self._connections.add(connection)
        try:
            connection.start()
        except RuntimeError:
            self._connections.remove(connection)
            raise too_many("The server can start no more threads; try again later.") from None


def _say_no(sock: socket.socket, problem: ProtocolError) -> None:
    """Say why, as far as the socket takes it at once, and close."""
    if problem.code is ErrorCode.BANNED:
        farewell = events.bye("banned", reconnect=False, message=problem.message)
    else:
        farewell = events.bye(problem.code.value, reconnect=True, after_ms=5000)
    with sock, contextlib.suppress(OSError):
        sock.setblocking(False)
        sock.send(events.error(problem) + farewell)
