"""What came from the network, made harmless for a terminal.

A message may hold escape sequences that move the cursor, write the clipboard or set the title,
characters that reverse the direction of the text, and characters nobody can see. `clean` is the one
function that every string from the network passes before it reaches a terminal.
"""

import json
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache

TAB = "    "
"""What a tab is shown as; its real width would depend on the column."""

MARKS = 8
"""How many combining marks are shown on one character; no living script needs more. Piled up
without a bound they cover the lines above and below, and the names that stand there."""

# Default_Ignorable_Code_Point of the Unicode Character Database: whatever is drawn as nothing. The
# bidirectional controls among them are left out here, as they are shown instead.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200d\u2060-\u2065\u206a-\u206f"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff]"
)

_HARMFUL = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Unicode categories that a terminal could obey: controls, formats, surrogates, separators."""

_MARK = frozenset({"Mn", "Mc", "Me"})
"""Unicode categories of what is drawn on, around or behind the character before it."""

_CONTROL_PICTURES = 0x2400
_DELETE = 0x7F
_BEYOND_ASCII_CONTROLS = 0x20
_BEYOND_FIRST_PLANE = 0x10000


def clean(text: str) -> str:
    """Returns `text` as one line that holds nothing a terminal could obey.

    Tabs become spaces. Characters that cannot be seen are removed, and so are combining marks that
    follow on `MARKS` others. Control characters are shown as their pictures (`␛` for ESC, `␊` for a
    newline), other harmful ones as their number: `<U+202E>`. To show a message on several lines,
    split it at its newlines first.

    Any thread may call it.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_each(text, _shown, lambda _: ""))


def clean_json(message: Mapping[str, object]) -> str:
    """Returns one line of JSON that means the same as `message` and is harmless in a terminal.

    Harmful and invisible characters, and combining marks that follow on `MARKS` others, are written
    as escapes, everything else as it is.
    """
    line = json.dumps(message, ensure_ascii=False, separators=(",", ":"))
    if line.isascii() and line.isprintable():
        return line
    return "".join(_each(line, _escaped, _escape))


def _each(text: str, shown: Callable[[str], str], excess: Callable[[str], str]) -> Iterator[str]:
    """Yields what is shown of each character; of the marks beyond `MARKS`, what `excess` says.

    What is not shown is not there: marks before and behind it are marks on one character.
    """
    marks = 0
    for character in text:
        if unicodedata.category(character) in _MARK and not _INVISIBLE.match(character):
            marks += 1
            yield shown(character) if marks <= MARKS else excess(character)
        elif part := shown(character):
            marks = 0
            yield part


@lru_cache(maxsize=4096)
def _shown(character: str) -> str:
    """Returns what one character is shown as."""
    if character == "\t":
        return TAB
    if _INVISIBLE.match(character):
        return ""
    if unicodedata.category(character) not in _HARMFUL:
        return character
    code = ord(character)
    if code < _BEYOND_ASCII_CONTROLS:
        return chr(_CONTROL_PICTURES + code)
    return "␡" if code == _DELETE else f"<U+{code:04X}>"


@lru_cache(maxsize=4096)
def _escaped(character: str) -> str:
    """Returns one character of a line of JSON as it is, or as an escape."""
    harmless = unicodedata.category(character) not in _HARMFUL
    return character if harmless and not _INVISIBLE.match(character) else _escape(character)


def _escape(character: str) -> str:
    """Returns the escape that stands for a character in a text of JSON."""
    code = ord(character)
    if code < _BEYOND_FIRST_PLANE:
        return f"\\u{code:04x}"
    code -= _BEYOND_FIRST_PLANE
    return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"
