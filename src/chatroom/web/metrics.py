"""`GET /metrics`: what the server counts, for Prometheus, and who may see it."""

import hmac
from functools import cached_property
from http import HTTPStatus
from typing import TYPE_CHECKING

from chatroom.tcp import is_loopback
from chatroom.web.headers import host_of
from chatroom.web.readings import Sources
from chatroom.web.routes import Request, Response, plain

if TYPE_CHECKING:
    from chatroom.web.exposition import Exposition

_RELAYED = ("forwarded", "via", "x-forwarded-for", "x-real-ip")
"""What a relay may add to a request that it passes on (RFC 7239; RFC 9110, section 7.6.3)."""

_FRESH = ("Cache-Control", "no-store")


class Metrics:
    """The route. It shows the figures to this machine, and to whoever knows the token.

    Args:
        sources: where the figures come from.
        token: what somebody has to know who asks from elsewhere; empty if nobody may.
    """

    def __init__(self, sources: Sources, token: str) -> None:
        self._sources = sources
        self._token = token

    def __call__(self, request: Request) -> Response:
        """Return the figures, or why whoever asks may not see them."""
        if not self._may_see(request):
            return self._refusal()
        body, kind = self._exposition.write(request.headers.get("accept", ""))
        return Response(HTTPStatus.OK, (("Content-Type", kind), _FRESH), (body,))

    @cached_property
    def _exposition(self) -> "Exposition":
        from chatroom.web.exposition import Exposition  # noqa: PLC0415 - heavy

        return Exposition(self._sources)

    def _may_see(self, request: Request) -> bool:
        """Say whether the figures are for whoever asks; who shows a token is judged by it alone."""
        shown = request.headers.get("authorization")
        if shown is None:
            return is_from_here(request)
        scheme, _, secret = shown.partition(" ")
        return bool(self._token) and scheme.lower() == "bearer" and self._is_token(secret.strip())

    def _is_token(self, secret: str) -> bool:
        """Compare in a time that does not tell where the two differ."""
        return hmac.compare_digest(secret.encode(), self._token.encode())

    def _refusal(self) -> Response:
        if self._token:  # RFC 6750, section 3
            return plain(
                HTTPStatus.UNAUTHORIZED,
                "This takes the token that is set as server.metrics_token.",
                ("WWW-Authenticate", 'Bearer realm="metrics"'),
                _FRESH,
            )
        return plain(
            HTTPStatus.FORBIDDEN,
            "This is for the server's own machine alone, while no server.metrics_token is set.",
            _FRESH,
        )


def is_from_here(request: Request) -> bool:
    """Say whether `request` was made on this machine, as far as that can be known.

    A relay on this machine passes on what others ask. Many say so in a header, or keep in `Host`
    the name that was asked for. That also keeps out a page in a browser here whose own name has
    been made to lead to this machine (DNS rebinding).
    """
    headers = request.headers
    if not is_loopback(request.address) or any(name in headers for name in _RELAYED):
        return False
    name = _name(headers.get("host", ""))
    return name == "localhost" or is_loopback(name)


def _name(authority: str) -> str:
    """Return the name in a `Host` header (RFC 9110, section 7.2), without its port and brackets."""
    host = (host_of(authority) or "").lower()
    return host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
