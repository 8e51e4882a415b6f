"""`GET /healthz`: whether messages can be stored, in one word, for whatever watches the server."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Literal

from chatroom.web.routes import Request, Response, Route, plain

Health = Literal["ok", "full", "stopping"]
"""Whether messages can be stored: yes; not until there is room on the disk; not any more."""

_FRESH = ("Cache-Control", "no-store")


def health(ask: Callable[[], Health]) -> Route:
    """Return the route, which tells strangers nothing but that one word.

    Args:
        ask: says how the server is; any thread may call it.
    """

    def answer(_: Request) -> Response:
        word = ask()
        status = HTTPStatus.OK if word == "ok" else HTTPStatus.SERVICE_UNAVAILABLE
        return plain(status, word, _FRESH)

    return answer
