"""Seeing to it that a connection leads to the server that is meant, before anything is said on it.

Imported when somebody speaks TLS, as it takes a while.
"""

import socket
import ssl

from chatroom.client.address import Address
from chatroom.client.errors import (
    ChatroomError,
    LoginRefused,
    NotTrusted,
    UnknownServer,
    Unreachable,
)
from chatroom.client.known import KnownServers
from chatroom.client.waiting import TO_READ, TO_WRITE, wait
from chatroom.client.wire import Refusal, read
from chatroom.protocol.errors import ErrorCode
from chatroom.protocol.fingerprint import fingerprint_of
from chatroom.protocol.frames import FrameDecoder
from chatroom.tls import TlsSession, fault

_READ_BYTES = 16384
_PLAIN = b"{"
"""How an answer begins that is not TLS; no record does."""
_PLAIN_BYTES = 65536

_NOBODY_VOUCHES = {18, 19, 20, 21}
"""The numbers that OpenSSL has for a certificate that is its own authority, or whose authority is
not known here (X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT and so on)."""

_NO_TLS = {ErrorCode.BAD_JSON, ErrorCode.BAD_FRAME, ErrorCode.FRAME_TOO_LARGE}
"""What a server says to TLS if it knows only JSON."""


class NobodyVouches(Exception):
    """The certificate is of the server's own making, and the server is not known."""


class Guard:
    """Watches over one connection to a server. For one thread at a time.

    Args:
        address: the server that is meant.
        fingerprint: the one certificate that it may show, if somebody has said which.

    Raises:
        NotTrusted: the servers that are known cannot be read.
    """

    def __init__(self, address: Address, fingerprint: str | None) -> None:
        self._address = address
        self._fingerprint = fingerprint
        self._file = KnownServers()
        self._known = [] if fingerprint else self._file.find(address)

    def secure(self, channel: socket.socket, deadline: float) -> TlsSession:
        """Holds the handshake and checks whose certificate the server has shown.

        Args:
            channel: a new connection. It may be shut down by another thread meanwhile.
            deadline: when to give up, by `time.monotonic()`.

        Raises:
            NobodyVouches: no authority vouches for it; `look` says what it has shown.
            NotTrusted: it is not the server that is meant.
            Unreachable: it speaks no TLS, or has ended the connection.
            LoginRefused: it has no room.
            TimeoutError: it did not answer in time.
        """
        if not (self._fingerprint or self._known):
            return self._shake(channel, ssl.create_default_context(), deadline)
        session = self._shake(channel, _trusting(), deadline)
        self._check(fingerprint_of(session.certificate()))
        return session

    def look(self, channel: socket.socket, deadline: float) -> UnknownServer:
        """Looks at what an unknown server shows, on another connection; returns that as an error.

        Raises:
            Unreachable: see `secure`, also for the others.
            TimeoutError: it did not answer in time.
        """
        session = self._shake(channel, _trusting(), deadline)
        return UnknownServer(str(self._address), fingerprint_of(session.certificate()))

    def _check(self, shown: str) -> None:
        if self._fingerprint:
            if shown != self._fingerprint:
                raise NotTrusted(
                    f"The server at {self._address} is not the one that is meant: its fingerprint"
                    f" is {shown} and was to be {self._fingerprint}; ask whoever runs it."
                )
        elif all(shown != known.fingerprint for known in self._known):
            *_, known = self._known
            raise NotTrusted(
                f"The server at {self._address} is not the one that was trusted before: its"
                f" fingerprint is {shown} and was {known.fingerprint}; only if whoever runs it says"
                f" that the new one is right, remove line {known.line} of {self._file.path} and"
                " connect again."
            )

    def _shake(
        self, channel: socket.socket, context: ssl.SSLContext, deadline: float
    ) -> TlsSession:
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        session = TlsSession(context, self._address.host.partition("%")[0])
        received, first = b"", True
        try:
            while not session.shake(received):
                _send(channel, session.outgoing(), deadline)
                received = self._receive(channel, deadline)
                if first and received.startswith(_PLAIN):
                    raise self._plain(channel, received, deadline)
                first = False
            _send(channel, session.outgoing(), deadline)
        except ssl.SSLCertVerificationError as error:
            if error.verify_code in _NOBODY_VOUCHES:
                raise NobodyVouches from None
            raise NotTrusted(
                f"The server at {self._address} shows a certificate that is no good"
                f" ({fault(error)}); check the address, and ask whoever runs it."
            ) from None
        except ssl.SSLError as error:
            raise Unreachable(
                f"No TLS can be spoken with what listens at {self._address} ({fault(error)});"
                " check the address."
            ) from None
        except OSError as error:
            if isinstance(error, TimeoutError):
                raise
            raise self._ended() from None
        return session

    def _receive(self, channel: socket.socket, deadline: float) -> bytes:
        if not wait(channel, TO_READ, deadline):
            raise TimeoutError
        received = channel.recv(_READ_BYTES)
        if not received:
            raise self._ended()
        return received

    def _plain(self, channel: socket.socket, received: bytes, deadline: float) -> ChatroomError:
        """Returns what a server means that answers TLS in JSON.

        Anybody on the way could have said it, so it only counts as a reason not to get in.
        """
        decoder = FrameDecoder(_PLAIN_BYTES)
        while not (frames := decoder.feed(received)):
            received = self._receive(channel, deadline)
        frame = frames[0]
        if isinstance(frame, dict) and frame.get("type") == "error":
            no = read(frame, Refusal)
            if no.code == ErrorCode.TOO_MANY_CONNECTIONS:
                return LoginRefused(no.code, no.message, no.field, no.retry_after)
            if no.code not in _NO_TLS:
                return Unreachable(no.message)
        return Unreachable(
            f"What listens at {self._address} speaks no TLS, so others could read your password on"
            " the way; if you want that all the same, say so with --insecure."
        )

    def _ended(self) -> Unreachable:
        return Unreachable(
            f"The server at {self._address} has ended the connection before it was secure;"
            " try again later."
        )


def _trusting() -> ssl.SSLContext:
    """Returns a context that takes any certificate, to look at it afterwards."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _send(channel: socket.socket, data: bytes, deadline: float) -> None:
    while data:
        if not wait(channel, TO_WRITE, deadline):
            raise TimeoutError
        data = data[channel.send(data, socket.MSG_DONTWAIT) :]
