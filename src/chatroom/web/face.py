"""HTTP in the table of faces: how it is told from JSON, and what it takes to speak it.

The libraries that speak it are loaded when somebody does.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property

from chatroom.server.face import Face, Peer, Row
from chatroom.web.routes import Route

_STARTS = tuple(
    f"{method} ".encode()
    for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT")
)
"""How a request begins (RFC 9110, section 9.1, and RFC 5789)."""


class Web:
    """What is to be had by HTTP on the port. Any thread may ask.

    Args:
        routes: what there is beside the files of the page, by path.
        origins: the origins whose pages may speak with the server, beside its own.
    """

    def __init__(self, routes: Mapping[str, Route], origins: Sequence[str] = ()) -> None:
        self._routes = routes
        self._origins = origins

    @property
    def row(self) -> Row:
        """Its row in the table of faces."""
        return Row(begins_a_request, self._open)

    @cached_property
    def routes(self) -> Mapping[str, Route]:
        """All that there is, by path."""
        from chatroom.web.pages import pages  # noqa: PLC0415 - seldom used

        return {**pages(), **self._routes}

    def _open(self, peer: Peer) -> Face:
        from chatroom.web.http import Http  # noqa: PLC0415 - heavy

        return Http(peer, self.routes, self._origins)


def begins_a_request(first: bytes) -> bool | None:
    """Say whether `first` begins an HTTP request; None while that cannot be told."""
    if first.startswith(_STARTS):
        return True
    return None if any(start.startswith(first) for start in _STARTS) else False
