"""What is to be had by HTTP: a table of paths, and what a route is given and returns."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import NamedTuple

METHODS = ("GET", "HEAD")
"""What every route is asked with; of a reply to HEAD only the head is sent."""


class Request(NamedTuple):
    """What a client asks for."""

    method: str
    """One of `METHODS`."""
    path: str
    """As it was sent, without the query: nothing is decoded."""
    headers: Mapping[str, str]
    """By name in lower case; several of one name are joined by commas (RFC 9110, section 5.3)."""
    address: str
    """Where the connection comes from, which may be a relay."""
    secure: bool
    """Whether it speaks TLS."""


class Response(NamedTuple):
    """What it is answered.

    The face adds what all replies have: the length, the date and what makes a page safe.
    """

    status: HTTPStatus
    headers: tuple[tuple[str, str], ...] = ()
    body: tuple[bytes, ...] = ()
    """In portions that are sent one by one, so that one who does not read holds one of them."""


Route = Callable[[Request], Response]
"""Answers a GET, in the thread of the connection; several threads may call it at once."""


def plain(status: HTTPStatus, sentence: str, *headers: tuple[str, str]) -> Response:
    """Return a sentence for a person."""
    kind = ("Content-Type", "text/plain; charset=utf-8")
    return Response(status, (kind, *headers), (f"{sentence}\n".encode(),))


def answer(table: Mapping[str, Route], request: Request) -> Response:
    """Return what `request` is answered by the route for its path, or why there is none.

    Args:
        table: the routes, by path.
        request: what is asked for, with any method.
    """
    route = table.get(request.path)
    if route is None:
        return plain(HTTPStatus.NOT_FOUND, "There is nothing here.")
    if request.method not in METHODS:
        return plain(
            HTTPStatus.METHOD_NOT_ALLOWED,
            f"This can only be read, not asked with {request.method}.",
            ("Allow", ", ".join(METHODS)),
        )
    return route(request)
