"""The fingerprint of a certificate, by which people tell one server from another."""

import hashlib
import re

_PREFIX = "sha256:"
_HEX = re.compile(r"[0-9a-f]{64}")


def fingerprint_of(certificate: bytes) -> str:
    """Return the fingerprint of a certificate in DER: `sha256:` and 64 digits."""
    return _PREFIX + hashlib.sha256(certificate).hexdigest()


def parse_fingerprint(text: str) -> str | None:
    """Return a fingerprint as `fingerprint_of` writes it, None if `text` is none.

    Args:
        text: 64 hexadecimal digits, with or without `sha256:`, in either case, and with or without
            the colons that OpenSSL puts between them.
    """
    digits = text.strip().lower().removeprefix(_PREFIX).replace(":", "")
    return _PREFIX + digits if _HEX.fullmatch(digits) else None
