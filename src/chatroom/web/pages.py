"""The files of the page, as they are sent: each read once, and compressed once."""

import gzip
import hashlib
from collections.abc import Iterator
from functools import cached_property
from http import HTTPStatus
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import NamedTuple

from chatroom.web.routes import Request, Response, Route

PORTION_BYTES = 16 * 1024
"""How much of a file is sent at a time, which is what one who does not read keeps from us."""

KINDS = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
}
"""What the files are, by the ends of their names. No other is sent."""

_COMPRESSED = {".png"}
"""What compressing makes no smaller."""

_AT_THE_ROOT = {"index.html": "/", "sw.js": "/sw.js"}
"""What has a path of its own: the page, and what may only rule over what is beside it or below."""


class Content(NamedTuple):
    """A file in one encoding."""

    etag: str
    portions: tuple[bytes, ...]


class StaticFile:
    """One file. Any thread may ask for it; it is read when somebody does.

    Args:
        file: where it is.
    """

    def __init__(self, file: Traversable) -> None:
        self._file = file
        self._suffix = f".{file.name.rpartition('.')[2]}"

    def __call__(self, request: Request) -> Response:
        """Return it, compressed if the client takes that, or that it has not changed."""
        zipped = self._zipped if accepts_gzip(request.headers.get("accept-encoding", "")) else None
        content = zipped or self._plain
        headers = [
            ("ETag", content.etag),
            ("Cache-Control", "no-cache"),  # it is asked for each time, and seldom sent again
            ("Vary", "Accept-Encoding"),
        ]
        if matches(request.headers.get("if-none-match", ""), content.etag):
            return Response(HTTPStatus.NOT_MODIFIED, tuple(headers))
        headers.append(("Content-Type", KINDS[self._suffix]))
        if zipped:
            headers.append(("Content-Encoding", "gzip"))
        return Response(HTTPStatus.OK, tuple(headers), content.portions)

    @cached_property
    def _bytes(self) -> bytes:
        return self._file.read_bytes()

    @cached_property
    def _plain(self) -> Content:
        return _content(self._bytes)

    @cached_property
    def _zipped(self) -> Content | None:
        if self._suffix in _COMPRESSED:
            return None
        return _content(gzip.compress(self._bytes, mtime=0))


def _content(data: bytes) -> Content:
    portions = [data[at : at + PORTION_BYTES] for at in range(0, len(data), PORTION_BYTES)]
    return Content(f'"{hashlib.sha256(data).hexdigest()[:32]}"', tuple(portions))


def pages() -> dict[str, Route]:
    """Return what sends the files that the program came with, by path."""
    found = _files(files("chatroom.web").joinpath("static"))
    return {_AT_THE_ROOT.get(name, f"/static/{name}"): StaticFile(file) for name, file in found}


def _files(folder: Traversable, inside: str = "") -> Iterator[tuple[str, Traversable]]:
    """Yield the files in `folder` and below, with their paths."""
    for each in folder.iterdir():
        if each.is_dir():
            yield from _files(each, f"{inside}{each.name}/")
        elif each.name.endswith(tuple(KINDS)):
            yield f"{inside}{each.name}", each


def accepts_gzip(header: str) -> bool:
    """Say whether a client takes gzip, by its Accept-Encoding (RFC 9110, section 12.5.3)."""
    for choice in header.lower().split(","):
        coding, _, weight = choice.replace(" ", "").partition(";")
        if coding == "gzip":
            return weight.strip("0.") != "q="  # q=0 and its like
    return False


def matches(header: str, etag: str) -> bool:
    """Say whether If-None-Match names `etag` (RFC 9110, section 13.1.2: by weak comparison)."""
    return any(each.strip().removeprefix("W/") in {etag, "*"} for each in header.split(","))
