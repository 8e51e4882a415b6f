"""The files of the page, as they stand: nothing in them can make code of text."""

import json
import re
from pathlib import Path

import pytest

STATIC = Path(__file__).parents[2] / "src/chatroom/web/static"

FILES = sorted(path for path in STATIC.rglob("*") if path.is_file())
SCRIPTS = [path for path in FILES if path.suffix == ".js"]

MODULE_LINES = 300
"""As for the modules of Python."""

BANNED = {
    "markup out of text": r"\b(inner|outer)HTML\b|insertAdjacentHTML|createContextualFragment"
    r"|srcdoc|\bDOMParser\b|document\s*\.\s*write|setHTML|parseHTML",
    "code out of text": r"\beval\s*\(|\bnew\s+Function\b|\bset(Timeout|Interval)\s*\(\s*[\"'`]"
    r"|\bimport\s*\(\s*[^\"')]",
    "handlers in attributes": r"setAttribute\s*\(\s*[\"']on|\.on\w+\s*=\s*[\"'`]",
    "styles in attributes": r"setAttribute\s*\(\s*[\"']style|\bcssText\b",
    "cookies": r"document\s*\.\s*cookie|\bcookieStore\b",
    "synchronous requests": r"\bXMLHttpRequest\b|\bsendBeacon\b",
}
"""What no script may have, whatever the content security policy would do about it."""

ELSEWHERE = re.compile(
    r"(?:https?:|wss?:)?//(?!www\.w3\.org/)[a-z0-9-]+(?:\.[a-z0-9-]+)+", re.IGNORECASE
)
"""An address of another host; the names of XML's vocabularies are none."""

COMMENT = re.compile(r"/\*.*?\*/|(?<![:\"'])//[^\n]*", re.DOTALL)


def named(path: Path) -> str:
    return str(path.relative_to(STATIC))


def code(path: Path) -> str:
    """What stands in a script besides its comments."""
    return COMMENT.sub("", path.read_text(encoding="utf-8"))


def test_there_is_something_to_look_at() -> None:
    assert {"index.html", "style.css", "sw.js", "manifest.webmanifest"} <= set(map(named, FILES))
    assert len(SCRIPTS) > 1


@pytest.mark.parametrize("path", SCRIPTS, ids=named)
def test_no_script_makes_anything_of_text(path: Path) -> None:
    text = code(path)
    assert {
        rule: found[0] for rule, banned in BANNED.items() if (found := re.search(banned, text))
    } == {}


@pytest.mark.parametrize("path", SCRIPTS, ids=named)
def test_no_module_is_too_long(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MODULE_LINES


@pytest.mark.parametrize(
    "path", [path for path in FILES if path.suffix in {".js", ".css", ".html", ".svg"}], ids=named
)
def test_nothing_is_loaded_from_elsewhere(path: Path) -> None:
    text = code(path) if path.suffix == ".js" else path.read_text(encoding="utf-8")
    assert ELSEWHERE.findall(text) == []
    assert "@import" not in text or path.suffix == ".js"


def test_the_markup_has_no_code_and_no_styles_of_its_own() -> None:
    text = (STATIC / "index.html").read_text(encoding="utf-8")
    assert re.findall(r"<script(?![^>]*\bsrc=)[^>]*>", text) == []
    assert re.findall(r"<style|\sstyle\s*=|\son\w+\s*=|javascript:", text) == []


def test_what_the_markup_and_the_manifest_name_is_there() -> None:
    text = (STATIC / "index.html").read_text(encoding="utf-8")
    manifest = json.loads((STATIC / "manifest.webmanifest").read_text(encoding="utf-8"))
    named_there = re.findall(r"(?:src|href)=\"/static/([^\"#?]+)", text)
    named_there += [icon["src"].removeprefix("/static/") for icon in manifest["icons"]]
    assert named_there
    assert [name for name in named_there if not (STATIC / name).is_file()] == []


def test_every_module_is_reached_from_the_page() -> None:
    """By imports that name a file, as there is no build step."""
    index = (STATIC / "index.html").read_text(encoding="utf-8")
    reached = {STATIC / name for name in re.findall(r"<script[^>]*src=\"/static/([^\"]+)", index)}
    todo = list(reached)
    while todo:
        path = todo.pop()
        for name in re.findall(r"(?:from|import)\s*\(?\s*[\"']([^\"']+)[\"']", code(path)):
            target = (
                (STATIC / name.removeprefix("/static/"))
                if name.startswith("/")
                else (path.parent / name).resolve()
            )
            assert target.is_file(), f"{named(path)} imports {name}"
            if target not in reached:
                reached.add(target)
                todo.append(target)
    assert {path for path in SCRIPTS if path.name != "sw.js"} == reached
