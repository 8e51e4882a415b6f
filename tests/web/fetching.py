"""Getting what a real server has, over HTTP, by the client of the standard library."""

import contextlib
import http.client
from collections.abc import Iterator
from typing import NamedTuple

from tests.conversation import DEADLINE, Running


class Fetched(NamedTuple):
    """What came back."""

    status: int
    headers: http.client.HTTPMessage
    """By name in any case."""
    text: str


class Fetcher:
    """One connection, which stays open.

    Args:
        server: who is asked.
    """

    def __init__(self, server: Running) -> None:
        self._connection = http.client.HTTPConnection(*server.address, timeout=DEADLINE)

    def get(self, path: str, **headers: str) -> Fetched:
        """Returns what `path` has; underscores in the names of headers stand for hyphens."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self._connection.request("GET", path, headers=named)
        response = self._connection.getresponse()
        return Fetched(response.status, response.headers, response.read().decode())

    def close(self) -> None:
        """Goes."""
        self._connection.close()


@contextlib.contextmanager
def fetching(server: Running) -> Iterator[Fetcher]:
    """Yields a connection to `server`."""
    with contextlib.closing(Fetcher(server)) as fetcher:
        yield fetcher


def fetch(server: Running, path: str, **headers: str) -> Fetched:
    """Returns what `path` has, asked for on a connection of its own."""
    with fetching(server) as fetcher:
        return fetcher.get(path, **headers)
