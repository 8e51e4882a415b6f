"""What the server shows to those who speak TLS: a certificate, and the key that goes with it."""

import logging
import os
import secrets
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from chatroom.log.base import StoreError
from chatroom.log.placing import placed
from chatroom.protocol.fingerprint import fingerprint_of

if TYPE_CHECKING:
    import ssl

_log = logging.getLogger(__name__)


class CertificateError(Exception):
    """The certificate cannot be used. The text is a sentence that says what to do."""


class Files(NamedTuple):
    """A certificate that somebody has made for this server."""

    certificate: Path
    """In PEM, with those that lead from it to a known authority behind it."""
    key: Path
    """In PEM, without a passphrase; it may be the same file."""


class _Shown(NamedTuple):
    context: "ssl.SSLContext"
    fingerprint: str


class Identity:
    """Reads or makes the certificate when it is first needed. Any thread may call any method.

    Importing what is needed for that takes longer than all else at a start, and a server on the
    loopback interface is seldom asked for it.

    Args:
        given: the certificate to be shown, None for one of the server's own making.
        kept: where that is kept; None to make one each time.
        host: where the server listens, which stands in it.
    """

    def __init__(
        self, given: Files | None = None, kept: Path | None = None, host: str = ""
    ) -> None:
        self._given = given
        self._kept = kept
        self._host = host
        self._lock = threading.Lock()  # guards the next; held while files are read and written
        self._shown: _Shown | None = None

    @property
    def fingerprint(self) -> str | None:
        """The fingerprint of the certificate that is shown, None if none has been needed yet."""
        return self._shown.fingerprint if self._shown else None

    def context(self) -> "ssl.SSLContext":
        """Return the context for a new connection.

        Raises:
            CertificateError: there is no certificate to be had.
        """
        with self._lock:
            if self._shown is None:
                self._shown = self._load()
            return self._shown.context

    def reload(self) -> None:
        """Read the files once more, for the connections to come. What is wrong is logged."""
        try:
            shown = self._load()
        except CertificateError as error:
            _log.error("The certificate stays as it was, for the new one is no good: %s", error)
            return
        with self._lock:
            self._shown = shown
        _log.info("New connections are shown the certificate %s.", shown.fingerprint)

    def _load(self) -> _Shown:
        if self._given is not None:
            return _shown(self._given)
        if self._kept is None:
            return _made_for_now(self._host)
        if not self._kept.exists():
            _make(self._kept, self._host)
        return _shown(Files(self._kept, self._kept))


def _shown(files: Files, passphrase: str = "") -> _Shown:  # nosec B107  # none is no secret
    """Read a certificate and its key."""
    import ssl  # noqa: PLC0415 - heavy

    from chatroom.tls import fault  # noqa: PLC0415 - the same

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # A connection lasts for hours and comes back by its session, so tickets, whose keys would
    # have to be kept secret too, would save next to nothing. Compression is off in any case.
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_TICKET | ssl.OP_NO_COMPRESSION
    context.num_tickets = 0
    try:
        for file in files:
            file.read_bytes()  # the system's words name what is wrong with the one or the other
        context.load_cert_chain(*files, password=lambda: passphrase)
        return _Shown(context, fingerprint_of(_first(files.certificate)))
    except ssl.SSLError as error:
        both = " and ".join(dict.fromkeys(map(str, files)))
        raise CertificateError(
            f"{both} cannot be used as certificate and key ({fault(error)});"
            " give a certificate in PEM and the key that goes with it, without a passphrase."
        ) from error
    except OSError as error:
        raise CertificateError(
            f"{error.filename} cannot be read: {error.strerror};"
            " a server that speaks TLS needs its certificate and key."
        ) from error


def _first(path: Path) -> bytes:
    """Return the certificate that stands first in a file that holds one, in DER."""
    import ssl  # noqa: PLC0415 - heavy

    _, header, rest = path.read_text(encoding="utf-8", errors="replace").partition(ssl.PEM_HEADER)
    body, footer, _ = rest.partition(ssl.PEM_FOOTER)
    return ssl.PEM_cert_to_DER_cert(header + body + footer)


def _make(path: Path, host: str) -> None:
    """Make a certificate that is kept; its file can be read by its owner alone."""
    from chatroom.server.certificate import make_certificate  # noqa: PLC0415 - heavy

    try:
        with placed(path) as part:
            part.write_bytes(make_certificate(host))
    except (StoreError, OSError) as error:
        raise CertificateError(
            f"no certificate can be kept in {path} ({error}); make room for it there,"
            " or give one with --tls-cert and --tls-key."
        ) from error


def _made_for_now(host: str) -> _Shown:
    """Make a certificate that is not kept.

    OpenSSL takes it from a file only, so it goes through one, and its key encrypted.
    """
    from chatroom.server.certificate import make_certificate  # noqa: PLC0415 - heavy

    passphrase = secrets.token_hex()
    try:
        descriptor, name = tempfile.mkstemp(".pem", "chatroom-")
    except OSError as error:
        raise CertificateError(
            f"no certificate can be made, for there is no room for temporary files"
            f" ({error.strerror}); give one with --tls-cert and --tls-key."
        ) from error
    path = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(make_certificate(host, passphrase.encode()))
        return _shown(Files(path, path), passphrase)
    finally:
        path.unlink()
