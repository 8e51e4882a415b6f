"""One end of a TLS connection without its socket: bytes in, bytes out.

OpenSSL must not be called for one connection by two threads at once. Here it works on memory and so
never waits; whoever has the socket passes on what it gives, and holds a lock meanwhile that guards
both (docs/decisions/0015-tls-in-memory.md).
"""

import contextlib
import ssl
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_RECORD_BYTES = 16384
"""As much as one record holds."""


class TlsSession:
    """One end of one connection. For one thread at a time.

    Args:
        context: what is shown to the other side and asked of it.
        host: as whom a client asks the other side to show itself; None on the server's side.
    """

    def __init__(self, context: ssl.SSLContext, host: str | None = None) -> None:
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(
            self._incoming, self._outgoing, server_side=host is None, server_hostname=host
        )
        self.encrypt = self._tls.write
        """Takes plain bytes; what they have become is for `outgoing`."""
        self.outgoing = self._outgoing.read
        """Returns what is to be sent to the other side, and forgets it."""
        self.over = False
        """Whether the other side has said that nothing more comes."""

    @property
    def pending(self) -> int:
        """How many bytes `outgoing` would return."""
        return self._outgoing.pending

    def shake(self, received: "ReadableBuffer") -> bool:
        """Go on with the handshake; return whether it is done. `outgoing` is to be sent then.

        Args:
            received: what came from the other side; nothing to begin with on the client's side.

        Raises:
            ssl.SSLError: it failed. What is `outgoing` says so to the other side.
        """
        self._incoming.write(received)
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            return False
        return True

    def decrypt(self, received: "ReadableBuffer") -> bytes:
        """Return all plain bytes that `received` completes. Something may be `outgoing` then.

        Raises:
            ssl.SSLError: it is not what the other side has sent.
        """
        self._incoming.write(received)
        pieces = []
        try:
            while piece := self._tls.read(_RECORD_BYTES):
                pieces.append(piece)
            self.over = True
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLZeroReturnError:  # the same, when we have said so before
            self.over = True
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def finish(self) -> None:
        """Say that nothing more comes, if the handshake is done. It is `outgoing` then."""
        with contextlib.suppress(ssl.SSLError):  # that the other side has not said so yet
            self._tls.unwrap()

    def certificate(self) -> bytes:
        """Return the certificate of the other side in DER, once the handshake is done."""
        return self._tls.getpeercert(binary_form=True) or b""


def fault(error: OSError) -> str:
    """Return in a few words why OpenSSL did not go on."""
    reason = getattr(error, "verify_message", "") or getattr(error, "reason", "") or ""
    return str(reason).replace("_", " ").lower() or error.strerror or str(error)
