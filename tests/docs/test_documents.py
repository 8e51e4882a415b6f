"""What holds for every document: links lead somewhere, and what must be there is there."""

import re
from pathlib import Path

import pytest

from chatroom.version import VERSION
from tests.docs import markdown
from tests.docs.markdown import DOCUMENTS, ROOT

DECISIONS = sorted((ROOT / "docs/decisions").glob("*.md"))
HEADINGS = ["## Context", "## Decision", "## Consequences"]
WIDTH = 110
"""How long a line of running text may be."""


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_every_link_leads_somewhere(document: Path) -> None:
    for link in markdown.links(document):
        if link.startswith("https://"):
            continue
        name, _, anchor = link.partition("#")
        target = document.parent / name if name else document
        assert target.exists(), link
        if anchor:
            assert anchor in markdown.anchors(target), link


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_running_text_is_wrapped(document: Path) -> None:
    lines = markdown.without_blocks(document).splitlines()
    assert [line for line in lines if len(line) > WIDTH and not line.startswith("|")] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_a_file_that_is_named_exists(document: Path) -> None:
    """Such as `protocol/errors.py`, which is in the package, or `tests/docs/`."""
    package = ROOT / "src/chatroom"
    text = markdown.without_blocks(document)
    for name in re.findall(r"`([\w.-]+(?:/[\w.-]+)+/?)`", text):
        known = [ROOT / name, package / name, document.parent / name]
        assert any(path.exists() for path in known) or name.startswith(("chatroom/", "~")), name


def test_the_changelog_has_the_version_or_what_becomes_of_it() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    versions = re.findall(r"^## \[(.+?)\]", text, re.MULTILINE)
    assert versions
    assert VERSION in versions or (versions[0] == "Unreleased" and VERSION in text)


@pytest.mark.parametrize("path", DECISIONS, ids=named)
def test_a_decision_has_its_three_parts_and_is_short(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    number = int(path.name[:4])
    assert lines[0].startswith(f"# {number}. ")
    assert [line for line in lines if line.startswith("## ")] == HEADINGS
    assert len(lines) <= 50


def test_decisions_are_numbered_without_holes() -> None:
    assert [int(path.name[:4]) for path in DECISIONS] == list(range(1, len(DECISIONS) + 1))


def test_the_readme_leads_to_every_document() -> None:
    linked = {ROOT / link.partition("#")[0] for link in markdown.links(markdown.README)}
    assert {path for path in DOCUMENTS if path.parent != ROOT / "docs/decisions"} <= linked | {
        markdown.README
    }
