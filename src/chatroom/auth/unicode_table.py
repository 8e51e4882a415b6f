"""What Unicode says of the characters of names: which there are, in which scripts, how they look.

The table is a file that `tools/unicode_table.py` makes. It is read only where names may be other
than ASCII.
"""

import unicodedata
from collections.abc import Iterator
from pathlib import Path

FILE = Path(__file__).with_name("unicode_table.txt")

Scripts = frozenset[str]
"""Short names of scripts, such as "Latn" (ISO 15924)."""

_ANY = {"Zyyy", "Zinh"}
"""What the table says of characters that go with every script: digits, many accents."""

_WRITTEN_TOGETHER = {
    "Hani": {"Hanb", "Jpan", "Kore"},
    "Hira": {"Jpan"},
    "Kana": {"Jpan"},
    "Hang": {"Kore"},
    "Bopo": {"Hanb"},
}
"""Writing systems that are made of several scripts, by script (UTS #39, section 5.1)."""


class UnicodeTable:
    """The table, in memory. Any thread may use it."""

    def __init__(self) -> None:
        scripts, _, looks = FILE.read_text("ascii").partition("# What a character looks like")
        self._scripts = dict(_scripts(scripts))
        self._looks = dict(_looks(looks))

    def has(self, character: str) -> bool:
        """Say whether names may have this character (UTS #39, Identifier_Status)."""
        return ord(character) in self._scripts

    def is_of_one_script(self, text: str) -> bool:
        """Say whether all of `text`, whose characters are in the table, is of one script.

        That of Japanese, of Korean, and of Chinese with Bopomofo counts as one.
        """
        common: Scripts | None = None
        for character in text:
            scripts = self._scripts[ord(character)]
            if not scripts & _ANY:
                common = scripts if common is None else common & scripts
        return common is None or bool(common)

    def skeleton(self, text: str) -> str:
        """Return what `text` looks like; texts that look alike have the same (UTS #39)."""
        seen = unicodedata.normalize("NFD", text).translate(self._looks)
        return unicodedata.normalize("NFD", seen)


def _rows(text: str) -> Iterator[list[str]]:
    return (line.split() for line in text.splitlines()[1:] if not line.startswith("#"))


def _scripts(text: str) -> Iterator[tuple[int, Scripts]]:
    for codes, *names in _rows(text):
        first, _, last = codes.partition("..")
        more = [_WRITTEN_TOGETHER.get(name, set()) for name in names]
        scripts = frozenset(names).union(*more)
        yield from ((code, scripts) for code in range(int(first, 16), int(last, 16) + 1))


def _looks(text: str) -> Iterator[tuple[int, str]]:
    for code, *seen in _rows(text):
        yield int(code, 16), "".join(chr(int(part, 16)) for part in seen)
