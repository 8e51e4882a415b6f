"""What the server shows, and where it has that from."""

import datetime as dt
import ssl
from pathlib import Path

import pytest
from cryptography import x509

from chatroom.server.certificate import DAYS, make_certificate
from chatroom.server.tls_identity import CertificateError, Files, Identity
from chatroom.tls import TlsSession
from tests.secure import Authority, fingerprint_in


def test_a_certificate_is_made_once_and_kept(tmp_path: Path) -> None:
    """It is complete or not there, and its owner alone can read it."""
    kept = tmp_path / "room.db.pem"
    first, second = Identity(None, kept), Identity(None, kept)
    assert [first.fingerprint, second.fingerprint] == [None, None]
    first.context()
    second.context()
    assert first.fingerprint == second.fingerprint == fingerprint_in(kept)
    assert kept.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [kept]


def test_what_is_made_says_where_the_server_is() -> None:
    certificate = x509.load_pem_x509_certificate(make_certificate("chat.example.org"))
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert {"chat.example.org", "localhost"} <= set(names.get_values_for_type(x509.DNSName))
    assert {"127.0.0.1", "::1"} <= set(map(str, names.get_values_for_type(x509.IPAddress)))
    left = certificate.not_valid_after_utc - dt.datetime.now(dt.UTC)
    assert DAYS - 3 < left.days < DAYS


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "h\u00f6st", "fe80::1%eth0"])  # noqa: S104
def test_no_host_is_too_odd_for_a_certificate(host: str) -> None:
    certificate = x509.load_pem_x509_certificate(make_certificate(host))
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    addresses = set(map(str, names.get_values_for_type(x509.IPAddress)))
    assert addresses - {"127.0.0.1", "::1"} == ({"fe80::1"} if "%" in host else set())


def test_who_has_the_file_of_a_server_can_check_it_by_name(tmp_path: Path) -> None:
    """As programs do that know no fingerprints."""
    kept = tmp_path / "room.db.pem"
    server = TlsSession(Identity(None, kept).context())
    client = TlsSession(ssl.create_default_context(cafile=str(kept)), "localhost")
    client.shake(b"")
    while not server.shake(client.outgoing()):
        client.shake(server.outgoing())
    assert client.certificate()


def test_the_servers_own_certificate_comes_first_in_its_file(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    certificate, key = authority.vouch("localhost")
    with certificate.open("ab") as file:
        file.write(authority.file.read_bytes())
    identity = Identity(Files(certificate, key))
    identity.context()
    assert identity.fingerprint == fingerprint_in(certificate)


def test_where_none_can_be_kept_the_sentence_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(CertificateError, match=r"none/room\.pem .*; make room .*--tls-cert"):
        Identity(None, tmp_path / "none" / "room.pem").context()


def test_where_none_can_be_made_for_now_neither(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "none"))
    with pytest.raises(CertificateError, match=r"no room for temporary files .*--tls-cert"):
        Identity().context()


def test_nothing_is_negotiated_again_and_nothing_compressed() -> None:
    """Both have cost others much; the standard library offers no client that could try."""
    context = Identity().context()
    assert context.options & ssl.OP_NO_RENEGOTIATION
    assert context.options & ssl.OP_NO_COMPRESSION
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert context.num_tickets == 0
