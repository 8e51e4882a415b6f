"""The documents as tests look at them: their code blocks, tables, headings and links."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
"""Where the project is."""

README = ROOT / "README.md"
PROTOCOL = ROOT / "docs/protocol.md"
ARCHITECTURE = ROOT / "docs/architecture.md"
OPERATIONS = ROOT / "docs/operations.md"

BENCHMARKS = ROOT / "benchmarks/README.md"

DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), BENCHMARKS])
"""Every document there is."""

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_RULE = re.compile(r"\|[ :|-]+\|")


class Block(NamedTuple):
    """A code block."""

    document: Path
    line: int
    """Where it starts."""
    language: str
    text: str

    def __str__(self) -> str:
        """Returns how pytest is to call it."""
        return f"{self.document.name}:{self.line}"


def blocks(*languages: str, document: Path | None = None) -> list[Block]:
    """Returns the code blocks in these languages, of one document or of all."""
    return [
        block
        for path in ([document] if document else DOCUMENTS)
        for block in _blocks(path)
        if block.language in languages
    ]


def _blocks(path: Path) -> Iterator[Block]:
    text = path.read_text(encoding="utf-8")
    for found in _FENCE.finditer(text):
        yield Block(path, text.count("\n", 0, found.start()) + 1, found[1], found[2])


def without_blocks(path: Path) -> str:
    """Returns what stands between the code blocks."""
    return _FENCE.sub("", path.read_text(encoding="utf-8"))


def table(document: Path, *headings: str) -> list[list[str]]:
    """Returns the rows below the headings, without backquotes; of all tables that have them."""
    rows: list[list[str]] = []
    inside = False
    for line in without_blocks(document).splitlines():
        cells = _cells(line)
        if not cells:
            inside = False
        elif cells == list(headings):
            inside = True
        elif inside and not _RULE.fullmatch(line):
            rows.append(cells)
    assert rows, f"{document.name} has no table {headings}"
    return rows


def _cells(line: str) -> list[str]:
    if not line.startswith("|"):
        return []
    return [cell.strip().replace("`", "") for cell in line.strip("| ").split(" | ")]


def section(document: Path, heading: str) -> str:
    """Returns the text below a heading, up to the next one of any level."""
    text = document.read_text(encoding="utf-8")
    found = re.search(rf"^#+ {re.escape(heading)}$(.*?)(?=^#+ |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, f"{document.name} has no section {heading}"
    return found[1]


def anchors(document: Path) -> set[str]:
    """Returns what a link can point to within a document."""
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        for heading in _HEADING.findall(without_blocks(document))
    }


def links(document: Path) -> list[str]:
    """Returns where the links of a document lead."""
    return _LINK.findall(without_blocks(document))
