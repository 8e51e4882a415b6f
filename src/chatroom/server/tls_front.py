"""Whether a new connection speaks TLS, and whether it may do without: its first byte tells."""

import errno
import logging
import socket
from collections.abc import Callable
from pathlib import Path

from chatroom.config import Server
from chatroom.server.outbox import Outbox
from chatroom.server.tls_identity import CertificateError, Files, Identity
from chatroom.tcp import is_loopback

_HELLO = b"\x16"
"""The first byte of a TLS handshake, with which no JSON begins."""

_log = logging.getLogger(__name__)

Receive = Callable[[int], bytes]
"""Waits for bytes of a connection, as `socket.recv` does."""


class Front:
    """Lets new connections speak plainly or in TLS. Any thread may call it.

    Args:
        identity: what is shown in TLS; None for one that is made for now.
        required: whether nobody may speak plainly.
    """

    def __init__(self, identity: Identity | None = None, *, required: bool = False) -> None:
        self.identity = identity or Identity()
        """What is shown in TLS."""
        self.required = required
        """Whether nobody may speak plainly."""

    def enter(
        self, sock: socket.socket, outbox: Outbox, first: bytes, size: int
    ) -> tuple[Receive, bytes, bool]:
        """Speak TLS if the client does. For the reading thread.

        Args:
            sock: the connection, blocking.
            outbox: its writing side.
            first: what came first from it; nothing if it has ended already.
            size: how much is read at a time.

        Returns:
            What it is read with from now on, what the client said first, and whether in TLS.

        Raises:
            OSError: the handshake failed, or the connection broke.
        """
        if first.startswith(_HELLO):
            receive = self._shake(sock, outbox, first)
            return receive, receive(size), True
        return sock.recv, first, False

    def _shake(self, sock: socket.socket, outbox: Outbox, first: bytes) -> Receive:
        """Hold the handshake; what is sent before it is done ends the connection."""
        from chatroom.server.tls_channel import TlsChannel  # noqa: PLC0415 - heavy

        try:
            context = self.identity.context()
        except CertificateError as error:
            _log.error("A TLS connection was refused, for there is no certificate: %s", error)
            raise ConnectionAbortedError(errno.ECONNABORTED, "no certificate") from error
        channel = TlsChannel(sock, context)
        outbox.channel = channel
        channel.shake(first)
        return channel.recv


def front_of(server: Server, data: Path | None, host: str) -> Front:
    """Return the front of a server. Where TLS is going to be used, the certificate is there then.

    Args:
        server: what is set.
        data: the database file, beside which a certificate of the server's own making is kept.
        host: the address that it listens on, which decides: where a connection comes from says
            nothing about who can read along.

    Raises:
        CertificateError: there is no certificate to be had.
    """
    given = None
    if server.tls_key and not server.tls_cert:
        raise CertificateError(
            f"{server.tls_key} is a key without a certificate; give that too, with --tls-cert."
        )
    if server.tls_cert:
        given = Files(Path(server.tls_cert), Path(server.tls_key or server.tls_cert))
    identity = Identity(given, data and data.with_name(data.name + ".pem"), host)
    reachable = not is_loopback(host)
    required = server.tls == "required" or (reachable and server.tls == "auto")
    if required or reachable or given:
        identity.context()
    return Front(identity, required=required)
