"""The files of the page, as they are sent."""

import gzip
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest

from chatroom.web.pages import KINDS, PORTION_BYTES, StaticFile, accepts_gzip, matches, pages
from chatroom.web.routes import Request, Response

TEXT = b"console.log('hello')\n" * 5000


@pytest.fixture
def script(tmp_path: Path) -> StaticFile:
    """A file that is a script."""
    return made(tmp_path / "a.js", TEXT)


def made(path: Path, data: bytes) -> StaticFile:
    """Return a new file."""
    path.write_bytes(data)
    return StaticFile(path)


def asked(file: StaticFile, **headers: str) -> Response:
    """Return what `file` is answered with; names of headers have _ for -."""
    found = {name.replace("_", "-"): value for name, value in headers.items()}
    return file(Request("GET", "/", found, "203.0.113.7", False))


def test_a_file_is_sent_as_it_is(script: StaticFile) -> None:
    reply = asked(script)
    headers = dict(reply.headers)
    assert (reply.status, b"".join(reply.body)) == (200, TEXT)
    assert headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert headers["Vary"] == "Accept-Encoding"
    assert headers["Cache-Control"] == "no-cache"
    assert "Content-Encoding" not in headers


def test_it_is_compressed_for_who_takes_that(script: StaticFile) -> None:
    reply = asked(script, accept_encoding="br, gzip")
    assert dict(reply.headers)["Content-Encoding"] == "gzip"
    assert gzip.decompress(b"".join(reply.body)) == TEXT
    assert dict(reply.headers)["ETag"] != dict(asked(script).headers)["ETag"]


def test_it_is_sent_in_portions_that_all_share(script: StaticFile) -> None:
    """So one who does not read keeps no more than a portion from us."""
    assert max(map(len, asked(script).body)) == PORTION_BYTES
    assert all(a is b for a, b in zip(asked(script).body, asked(script).body, strict=True))


def test_what_has_not_changed_is_not_sent(script: StaticFile, tmp_path: Path) -> None:
    for encoding in ("", "gzip"):
        etag = dict(asked(script, accept_encoding=encoding).headers)["ETag"]
        again = asked(script, accept_encoding=encoding, if_none_match=f'"other", W/{etag}')
        assert (again.status, again.body) == (304, ())
        assert dict(again.headers)["ETag"] == etag
        assert "Content-Type" not in dict(again.headers)
    changed = made(tmp_path / "b.js", TEXT + b"\n")
    assert asked(changed, if_none_match=etag).status == 200


def test_what_is_small_already_is_not_compressed(tmp_path: Path) -> None:
    reply = asked(made(tmp_path / "a.png", b"pixels"), accept_encoding="gzip")
    assert (reply.body, dict(reply.headers)["Content-Type"]) == ((b"pixels",), "image/png")


@pytest.mark.parametrize(
    ("header", "takes"),
    [
        ("", False),
        ("gzip", True),
        ("GZip;q=0.5", True),
        ("deflate, gzip ; q=1.0", True),
        ("gzip;q=0", False),
        ("gzip; q=0.000", False),
        ("br;q=1, x-gzip, gzipped", False),
        ("identity", False),
    ],
)
def test_who_takes_gzip_says_so(header: str, *, takes: bool) -> None:
    assert accepts_gzip(header) is takes


@pytest.mark.parametrize(
    ("header", "named"),
    [
        ("", False),
        ('"a"', True),
        ('W/"a"', True),
        ('"b", "a"', True),
        ("*", True),
        ('"b"', False),
        ("a", False),
    ],
)
def test_a_tag_is_named_or_not(header: str, *, named: bool) -> None:
    assert matches(header, '"a"') is named


def _names(folder: Path, inside: str = "") -> Iterator[str]:
    for each in folder.iterdir():
        if each.is_dir():
            yield from _names(each, f"{inside}{each.name}/")
        else:
            yield f"{inside}{each.name}"


def test_every_file_of_the_page_has_its_path() -> None:
    """The page itself and the service worker at the root, all others below /static."""
    with_path = {"index.html": "/", "sw.js": "/sw.js"}
    found = _names(Path(str(files("chatroom.web") / "static")))
    names = [name for name in found if not name.endswith(".d.ts")]  # those are for the checker
    assert {with_path.get(name, f"/static/{name}") for name in names} == pages().keys()
    assert {"/", "/sw.js", "/static/style.css"} <= pages().keys()


@pytest.mark.parametrize("path", sorted(pages()))
def test_every_file_of_the_page_can_be_sent(path: str) -> None:
    reply = pages()[path](Request("GET", path, {"accept-encoding": "gzip"}, "203.0.113.7", False))
    assert reply.status == 200
    assert dict(reply.headers)["Content-Type"] in KINDS.values()
