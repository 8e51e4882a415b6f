"""The files of the page, as they belong together."""

import re
import struct
from importlib.resources import files
from pathlib import Path

STATIC = Path(str(files("chatroom.web").joinpath("static")))

NOT_SERVED = {".ts"}
"""The ends of names of what is for those who check types."""

FIRST_PAINT_BYTES = 64 * 1024
"""What the form may take before it is compressed."""


def served() -> set[str]:
    """The paths of all files."""
    found = {path.relative_to(STATIC) for path in STATIC.rglob("*") if path.is_file()}
    return {f"/static/{path}" for path in found if path.suffix not in NOT_SERVED}


def test_the_service_worker_keeps_each_file_that_the_page_needs() -> None:
    source = (STATIC / "sw.js").read_text(encoding="utf-8")
    listed = re.findall(r"^  \"(/[^\"]*)\",$", source, re.MULTILINE)
    assert listed == sorted(listed)
    assert set(listed) == served() - {"/static/index.html", "/static/sw.js"} | {"/"}


def test_what_the_form_needs_is_preloaded_and_small() -> None:
    """The page names each module that the first one imports, so that none waits for another."""
    index = (STATIC / "index.html").read_text(encoding="utf-8")
    preloaded = set(re.findall(r"rel=\"modulepreload\" href=\"/static/([^\"]+)\"", index))
    needed, todo = {"js/main.js"}, ["js/main.js"]
    while todo:
        path = STATIC / todo.pop()
        source = path.read_text(encoding="utf-8")
        for name in re.findall(r"^import [^;]*from \"(\.[^\"]+)\";", source, re.MULTILINE):
            found = str((path.parent / name).resolve().relative_to(STATIC.resolve()))
            if found not in needed:
                needed.add(found)
                todo.append(found)
    assert preloaded == needed
    first = {"index.html", "style.css", "js/early.js", *needed}
    assert sum((STATIC / name).stat().st_size for name in first) < FIRST_PAINT_BYTES


def test_the_icons_have_the_size_that_the_manifest_says() -> None:
    for size in (192, 512):
        head = (STATIC / f"icon-{size}.png").read_bytes()[:24]
        assert head[:8] == b"\x89PNG\r\n\x1a\n"
        assert struct.unpack(">II", head[16:24]) == (size, size)  # PNG, section 11.2.1
