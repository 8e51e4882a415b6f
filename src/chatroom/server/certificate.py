"""A certificate of the server's own making, for those who have no other.

Nobody vouches for it; clients know it by its fingerprint. So what it says of itself hardly matters,
and it is good for as long as it is kept.
"""

import datetime as dt
import ipaddress
import socket
from collections.abc import Iterator

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

DAYS = 3650
"""How long it says that it is good for."""


def make_certificate(host: str, passphrase: bytes = b"") -> bytes:
    """Return a new key (ECDSA, P-256) and a certificate for it, in PEM. Takes milliseconds.

    Args:
        host: where the server listens.
        passphrase: encrypts the key, if there is one.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "chatroom")])
    yesterday = dt.datetime.now(dt.UTC) - dt.timedelta(days=1)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(yesterday)  # clocks differ
        .not_valid_after(yesterday + dt.timedelta(days=DAYS))
        .add_extension(x509.SubjectAlternativeName(_names(host)), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    encryption = (
        serialization.BestAvailableEncryption(passphrase)
        if passphrase
        else serialization.NoEncryption()
    )
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return key.private_bytes(pem, pkcs8, encryption) + certificate.public_bytes(pem)


def _names(host: str) -> list[x509.GeneralName]:
    """Return what the server may be called: by itself, by its system, and from nearby."""
    found = dict.fromkeys((host, socket.gethostname(), "localhost", "127.0.0.1", "::1"))
    return [name for text in found for name in _name(text)]


def _name(text: str) -> Iterator[x509.GeneralName]:
    """Yield `text` as a certificate has it, if it is a name or an address of one host."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        if text and text.isascii():
            yield x509.DNSName(text)
        return
    if not address.is_unspecified:
        yield x509.IPAddress(address)
