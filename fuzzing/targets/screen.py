"""What is shown on a terminal: `ui.sanitize`.

The first byte of an input chooses how the rest becomes text, so that all of Unicode is
reached, lone surrogates included.
"""

import json
import sys
import unicodedata

from chatroom.ui.sanitize import MARKS, clean, clean_json
from fuzzing.target import Target, harmless, hold

_UTF_8, _UTF_16, _NUMBERS = range(3)
_LONGEST = 12
"""How many characters may stand for one, such as `<U+10FFFF>`."""


def run(data: bytes) -> None:
    """Clean a text, as one to read and as one in JSON."""
    text = _text(data)
    shown = clean(text)
    harmless(shown)
    hold(clean(shown) == shown, text.encode("unicode-escape"))
    hold(len(shown) <= _LONGEST * len(text), len(text))
    _few_marks(shown)
    line = clean_json({"message": text})
    harmless(line)
    hold(json.loads(line) == json.loads(json.dumps({"message": text})), line)


def _text(data: bytes) -> str:
    how, rest = (data[:1] or b"\0")[0] % 4, data[1:]
    if how == _UTF_16:
        return rest[: len(rest) // 2 * 2].decode("utf-16-le", "surrogatepass")
    if how == _NUMBERS:
        numbers = (rest[at : at + 3] for at in range(0, len(rest), 3))
        return "".join(chr(int.from_bytes(number) % (sys.maxunicode + 1)) for number in numbers)
    return rest.decode("utf-8" if how == _UTF_8 else "latin-1", "surrogateescape")


def _few_marks(shown: str) -> None:
    row = 0
    for character in shown:
        row = row + 1 if unicodedata.category(character)[0] == "M" else 0
        hold(row <= MARKS, ascii(shown))


_TEXTS = (
    "plain",
    "\x1b]52;c;aGk=\x07 \x9b31m \u202e \u200b",
    "e" + "\u0301" * 20,
    "a\tb\nc\r\u2028",
    "\ud83d\ude00 \U0001f600 \U000e0041",
)

TARGET = Target(
    run,
    (
        *(b"\0" + text.encode("utf-8", "replace") for text in _TEXTS),
        *(b"\1" + text.encode("utf-16-le", "surrogatepass") for text in _TEXTS),
        b"\2\x00\x03\x01\x0e\x00\x20",
        b"\3\x1b[2J\x9b\xad",
    ),
    (b"\x1b[", b"\x1b]", b"\x07", b"\xc2\x9b", b"\xe2\x80\xae", b"\xcc\x81" * 9, b"\xe2\x80\x8d"),
    longest=200,
)
