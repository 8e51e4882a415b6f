"""TLS for tests: a client that speaks it, certificates, and an authority that vouches for them."""

import datetime as dt
import ipaddress
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from chatroom.protocol.fingerprint import fingerprint_of
from tests.conversation import DEADLINE, Client, Running, no_errors_logged, settings


@contextmanager
def serving(data: Path | str = ":memory:", limits: Any = None, **server: Any) -> Iterator[Running]:
    """Runs a server in this process, with some settings of its section, and sees that all is well.

    Args:
        data: where its data are.
        limits: what `[limits]` sets.
        **server: what `[server]` sets.
    """
    config = settings(data, **limits or {})
    config = msgspec.structs.replace(
        config, server=msgspec.structs.replace(config.server, **server)
    )
    with no_errors_logged():
        here = Running(config)
        try:
            yield here
        finally:
            here.leave()


def trusting() -> ssl.SSLContext:
    """Return a context for clients that take any certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


class SecureClient(Client):
    """A client that speaks TLS over a socket of the standard library.

    The end of the stream is an error unless the server has announced it in TLS. OpenSSL wants no
    thread to write while another one reads.

    Args:
        address: host and port.
        receive_bytes: see `Client`.
        source: see `Client`.
        context: what it asks of the server; nothing if not given.
    """

    sock: ssl.SSLSocket

    def __init__(
        self,
        address: tuple[str, int],
        *,
        receive_bytes: int = 0,
        source: str = "",
        context: ssl.SSLContext | None = None,
    ) -> None:
        super().__init__(address, receive_bytes=receive_bytes, source=source)
        try:
            self.sock = (context or trusting()).wrap_socket(self.sock, suppress_ragged_eofs=False)
        except BaseException:
            self.sock.close()
            raise
        self.sock.settimeout(DEADLINE)

    @property
    def fingerprint(self) -> str:
        """The fingerprint of the certificate that the server has shown."""
        certificate = self.sock.getpeercert(binary_form=True)
        assert certificate
        return fingerprint_of(certificate)


class Authority:
    """Vouches for servers.

    Args:
        folder: where its files go.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test authority")])
        constraints = x509.BasicConstraints(ca=True, path_length=None)
        usage = x509.KeyUsage(
            digital_signature=True, key_cert_sign=True, crl_sign=True, content_commitment=False,
            key_encipherment=False, data_encipherment=False, key_agreement=False,
            encipher_only=False, decipher_only=False,
        )  # fmt: skip
        certificate = (
            self._builder(self._name, self._key.public_key(), days=10)
            .add_extension(constraints, critical=True)
            .add_extension(usage, critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self.file = folder / "authority.pem"
        """Its own certificate, for those who trust it."""
        self.file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def _builder(
        self, subject: x509.Name, key: ec.EllipticCurvePublicKey, days: int
    ) -> x509.CertificateBuilder:
        now = dt.datetime.now(dt.UTC)
        ski = x509.SubjectKeyIdentifier.from_public_key(key)
        aki = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(days=20))
            .not_valid_after(now + dt.timedelta(days=days))
            .add_extension(ski, critical=False)
            .add_extension(aki, critical=False)
        )

    def vouch(self, host: str, name: str = "server", *, days: int = 1) -> tuple[Path, Path]:
        """Return the files of a new certificate for `host`, and of its key.

        Args:
            host: a name or an address.
            name: what the files are called.
            days: how long it is good for, from now on.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "server")])
        certificate = (
            self._builder(subject, key.public_key(), days)
            .add_extension(x509.SubjectAlternativeName([_general(host)]), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        files = self._folder / f"{name}.pem", self._folder / f"{name}.key"
        pem = serialization.Encoding.PEM
        files[0].write_bytes(certificate.public_bytes(pem))
        pkcs8, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        files[1].write_bytes(key.private_bytes(pem, pkcs8, plain))
        return files


def _general(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def fingerprint_in(file: Path) -> str:
    """Return the fingerprint of the certificate in `file`."""
    certificate = x509.load_pem_x509_certificate(file.read_bytes())
    return fingerprint_of(certificate.public_bytes(serialization.Encoding.DER))
