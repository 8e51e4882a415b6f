"""Lines cut, or shortened, to the width of a screen.

A terminal goes on at column 0 with what does not fit. There one message could pass for several, the
later ones with whatever time and name its sender likes. So lines are cut here, and the rest stands
indented below, like the further lines of a message that has several.
"""

import re

from prompt_toolkit.utils import get_cwidth

HANGING = len("00:00:00 ")
"""How far the rows below the first are indented, in columns; less on a very narrow screen."""

NARROWEST = 3
"""The fewest columns that lines are cut to: one to indent, and two for a wide character."""

_WORD = re.compile("( *)([^ ]+)")


def wrap(line: str, width: int) -> list[str]:
    """Returns the rows that show a line, none wider than the screen.

    It is cut at blanks, which are left out there, and inside words that are too long for a row.

    Args:
        line: one line, clean.
        width: the columns of the screen; fewer than `NARROWEST` count as that many.
    """
    width = max(width, NARROWEST)
    if get_cwidth(line) <= width:
        return [line]
    rows = _Rows(width)
    for blanks, word in _WORD.findall(line):
        rows.add(blanks, word)
    return rows.done()


def shorten(text: str, width: int) -> str:
    """Returns `text`, clean, or as much of its beginning as fits and "…", in `width` columns."""
    if get_cwidth(text) <= width:
        return text
    kept, used = "", 1
    for character in text:
        used += get_cwidth(character)
        if used > width:
            break
        kept += character
    return f"{kept}…" if width > 0 else ""


class _Rows:
    """Rows that are being filled with the words of one line."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._indent = " " * min(HANGING, width // 2)
        self._full: list[str] = []
        self._row = ""
        self._used = 0  # columns of the row

    def add(self, blanks: str, word: str) -> None:
        """Adds the next word and the blanks before it."""
        needed = get_cwidth(word)
        if needed > self._width - len(self._indent):  # no row can hold it, so any is as good
            if self._used + len(blanks) < self._width:
                self._put(blanks, len(blanks))
            else:
                self._break()
            self._split(word)
            return
        if self._used + len(blanks) + needed <= self._width:
            self._put(blanks, len(blanks))
        else:
            self._break()
        self._put(word, needed)

    def done(self) -> list[str]:
        """Returns all rows."""
        return [*self._full, self._row]

    def _split(self, word: str) -> None:
        for character in word:
            needed = get_cwidth(character)  # 0 for what combines with the one before, so it stays
            if self._used + needed > self._width:
                self._break()
            self._put(character, needed)

    def _put(self, text: str, needed: int) -> None:
        self._row += text
        self._used += needed

    def _break(self) -> None:
        """Begins the next row, or this one again if there are only blanks in it."""
        if self._row.strip(" "):
            self._full.append(self._row)
        self._row = self._indent
        self._used = len(self._indent)
