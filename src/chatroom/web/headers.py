"""What every reply says to the browser, so that nothing but the page itself can do harm or good."""

import re
from email.utils import formatdate

_HOST = re.compile(r"(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?", re.IGNORECASE)
"""What is put into a header of ours: a name or an address, with or without a port."""

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; connect-src 'self'"
)

_SAFE = (
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), display-capture=(), geolocation=(), microphone=(), usb=()"),
)

Header = tuple[str, str]


def host_of(host: str) -> str | None:
    """Return `host`, the Host of a request, if it can stand in a header; else None."""
    return host if _HOST.fullmatch(host) else None


def for_all(host: str) -> list[Header]:
    """Return the headers that every reply has.

    Args:
        host: the Host of the request; empty if there is none.
    """
    policy = _POLICY
    if host_of(host):
        # Not every browser takes 'self' for the WebSocket too.
        policy += f" ws://{host} wss://{host}"
    return [
        ("Date", formatdate(usegmt=True)),
        ("Content-Security-Policy", policy),
        *_SAFE,
    ]
