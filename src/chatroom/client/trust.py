"""What a client asks of a server before it says anything to it.

A server that is not on this machine has to speak TLS, and to show that it is the one that is meant:
by a certificate of a known authority, or by one of its own making that somebody has said is right
(docs/decisions/0016-trust-on-first-use.md).
"""

from typing import TYPE_CHECKING

import msgspec

from chatroom.client.address import Address, parse_address
from chatroom.client.errors import NotTrusted
from chatroom.protocol.fingerprint import parse_fingerprint
from chatroom.tcp import is_loopback

if TYPE_CHECKING:
    from chatroom.client.guard import Guard


class Trust(msgspec.Struct, frozen=True):
    """What is asked of a server."""

    tls: bool = False
    """Whether it has to speak TLS on this machine too."""
    insecure: bool = False
    """Whether nothing is asked of it, wherever it is."""
    fingerprint: str | None = None
    """The one certificate that it may show, if that is known."""

    def wants_tls(self, peer: str) -> bool:
        """Says whether a server at a numeric address has to speak TLS.

        Args:
            peer: where the connection really leads, whatever name stands for that.
        """
        if self.insecure:
            return False
        return self.tls or self.fingerprint is not None or not is_loopback(peer)

    def guard(self, address: Address) -> "Guard":
        """Returns what sees to that on one connection.

        Raises:
            NotTrusted: the servers that are known cannot be read.
        """
        from chatroom.client.guard import Guard  # noqa: PLC0415 - heavy

        return Guard(address, self.fingerprint)


ORDINARY = Trust()
"""What is asked unless somebody says otherwise."""


def trust_from(*, tls: bool, insecure: bool, fingerprint: str | None) -> Trust:
    """Returns what `connect()` and the command line ask for.

    Raises:
        NotTrusted: it contradicts itself, or is no fingerprint.
    """
    if insecure and (tls or fingerprint is not None):
        raise NotTrusted("Insecure goes with neither TLS nor a fingerprint; leave one of them out.")
    if fingerprint is None:
        return Trust(tls, insecure)
    read = parse_fingerprint(fingerprint)
    if read is None:
        raise NotTrusted(
            f"{fingerprint!r} is no fingerprint; it looks like sha256: and 64 digits from 0 to f."
        )
    return Trust(tls, insecure, read)


def trust_server(address: str, fingerprint: str) -> None:
    """Says that the server at an address may show a certificate, from now on and to all clients.

    It is kept in the file `known_servers` of whoever runs this program. Ask that person, or whoever
    else can know whether the fingerprint is right.

    Args:
        address: As for `connect()`.
        fingerprint: As `UnknownServer` names it.

    Raises:
        Unreachable: It is no address.
        NotTrusted: It is no fingerprint, or cannot be kept.
    """
    from chatroom.client.known import KnownServers  # noqa: PLC0415 - seldom needed

    trust = trust_from(tls=True, insecure=False, fingerprint=fingerprint)
    KnownServers().add(parse_address(address), trust.fingerprint or "")
