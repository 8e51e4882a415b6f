"""Whoever sends without an end is cut short, and costs no memory."""

import pytest

from tests.hostile.attack import attack
from tests.hostile.conftest import Note, Stage
from tests.hostile.scale import scaled
from tests.hostile.vitals import MIB

SIZE = scaled(100_000_000, 16_000_000)

GROWTH = 8 * MIB
"""By how much the server's memory may grow, however much is sent."""

ENDLESS = {
    "no newline": ("", "x"),
    "text": ('"', "x"),
    "escapes": ('"', "\\\\"),
    "digits": ("", "1"),
    "brackets": ("", "["),
    "objects": ("", '{"a":'),
    "object of white space": ("{", " "),
    "message": ('{"command":"PM","message":"', "x"),
}
"""What never ends: how it begins, and how it goes on."""


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "TLS"])
@pytest.mark.parametrize("name", ["", "guest"], ids=["before the login", "behind it"])
def test_frames_without_an_end(stage: Stage, note: Note, name: str, *, tls: bool) -> None:
    """100 MB that are one frame: a text, a number, brackets, white space."""
    scene = stage()
    seconds = sent = 0.0
    for what, (begin, piece) in ENDLESS.items():
        options = {"begin": begin, "piece": piece, "size": SIZE, "name": name, "tls": tls}
        with attack("flood", scene.server.port, **options) as flood:
            told = flood.report()
        assert told["bye"], what
        seconds += told["seconds"]
        sent += told["bytes"]
    _see(scene.grown(), note, f"{len(ENDLESS)} times, {sent / 1e6:.0f} MB in {seconds:.1f} s")
    scene.end()


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "TLS"])
def test_white_space_without_an_end(stage: Stage, note: Note, *, tls: bool) -> None:
    """100 MB between two frames cost no memory either, and nothing is refused."""
    scene = stage()
    options = {"begin": "", "piece": " \t\r\n", "size": SIZE, "name": "guest", "tls": tls}
    with attack("flood", scene.server.port, **options, leave=True) as flood:
        told = flood.report()
    assert told["bytes"] >= SIZE
    assert told["bye"]
    _see(scene.grown(), note, f"{told['bytes'] / 1e6:.0f} MB in {told['seconds']:.1f} s")
    scene.end()


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "TLS"])
def test_who_asks_and_never_reads(stage: Stage, note: Note, *, tls: bool) -> None:
    """Answers do not pile up: the server reads no further."""
    scene = stage()
    options = {"begin": "", "piece": "x\n", "size": SIZE, "name": "guest", "tls": tls}
    with attack("flood", scene.server.port, **options, reads=False) as flood:
        told = flood.report()
    assert told["bytes"] < SIZE
    _see(scene.grown(), note, f"{told['bytes'] / 1e6:.1f} MB were taken")
    scene.end()


REQUEST = "GET / HTTP/1.1\r\nHost: a.example\r\n"

BROWSING = {
    "head": (REQUEST, "X: y\r\n"),
    "target": ("GET /", "x"),
    "body": (REQUEST + "Content-Length: 1000000000\r\n\r\n", "x"),
}
"""What of a request never ends."""


def test_requests_without_an_end(stage: Stage, note: Note) -> None:
    """Each is refused where it is too long, and the rest is not kept."""
    scene = stage()
    for begin, piece in BROWSING.values():
        with attack("flood", scene.server.port, begin=begin, piece=piece, size=SIZE) as flood:
            assert not flood.report()["bye"]
    _see(scene.grown(), note, f"{len(BROWSING)} times")
    scene.end()


def test_who_asks_for_the_page_and_never_reads(stage: Stage, note: Note) -> None:
    """All are sent the same bytes, and the next request waits until they are taken."""
    scene = stage()
    options = {"begin": "", "piece": REQUEST + "\r\n", "size": SIZE}
    with attack("flood", scene.server.port, **options, reads=False) as flood:
        told = flood.report()
    assert told["bytes"] < SIZE
    _see(scene.grown(), note, f"{told['bytes'] / 1e6:.1f} MB were taken")
    scene.end()


def test_a_handshake_without_an_end(stage: Stage, note: Note) -> None:
    """A hello of 16 MB, in records that are whole, is cut short."""
    scene = stage()
    with attack("flood", scene.server.port, handshake=True, size=SIZE) as flood:
        told = flood.report()
    assert told["bytes"] < SIZE
    _see(scene.grown(), note, f"{told['bytes'] / 1e3:.0f} kB of {SIZE / 1e6:.0f} MB were sent")
    scene.end()


def _see(grown: int, note: Note, text: str) -> None:
    note(f"{text}; the memory grew by {grown / MIB:.1f} MiB at most")
    assert grown < GROWTH
