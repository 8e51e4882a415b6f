"""Which pages may speak with the server: a browser says where a page is from (RFC 6454)."""

from collections.abc import Sequence

_PORTS = {"http": ":80", "https": ":443"}
"""The ports that an origin does not name."""


def may_speak(origin: str | None, host: str, allowed: Sequence[str]) -> bool:
    """Say whether a page of `origin` may open a WebSocket (RFC 6455, section 10.2).

    Without this any page that somebody looks at could speak with a server that only they reach.

    Args:
        origin: what the browser says; None for what is no browser, and may speak.
        host: the Host of the request. A page of the server's own has come from there, whatever the
            relay in between has made of the scheme.
        allowed: further origins, such as `https://chat.example.org`.
    """
    if origin is None:
        return True
    origin = origin.lower()
    if origin in (each.lower().rstrip("/") for each in allowed):
        return True
    scheme, found, authority = origin.partition("://")
    port = _PORTS.get(scheme)
    if not (found and port):  # such as `null`, which a page in a sandbox has
        return False
    return bool(authority) and authority.removesuffix(port) == host.lower().removesuffix(port)
