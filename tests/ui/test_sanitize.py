import json
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatroom.ui.sanitize import MARKS, clean, clean_json

ANYTHING = st.text(st.characters(exclude_categories=()))
"""Any text at all, lone surrogates included."""

HARMFUL = {"Cc", "Cf", "Cs", "Zl", "Zp"}

BIDI = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
"""Bidirectional classes of the embeddings, overrides and isolates (UAX #9)."""

UNSEEN = [
    *range(0x00AD, 0x00AE),
    *range(0x034F, 0x0350),
    *range(0x115F, 0x1161),
    *range(0x17B4, 0x17B6),
    *range(0x180B, 0x1810),
    *range(0x200B, 0x2010),
    *range(0x202A, 0x202F),
    *range(0x2060, 0x2070),
    *range(0x3164, 0x3165),
    *range(0xFE00, 0xFE10),
    *range(0xFEFF, 0xFF00),
    *range(0xFFA0, 0xFFA1),
    *range(0xFFF0, 0xFFF9),
    *range(0x1BCA0, 0x1BCA4),
    *range(0x1D173, 0x1D17B),
    *range(0xE0000, 0xE1000),
]
"""Default_Ignorable_Code_Point, as DerivedCoreProperties.txt of Unicode has it."""

MARK = st.characters(categories=["Mn", "Mc", "Me"])


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("Grüße, 世界 🙂", "Grüße, 世界 🙂"),
        ("a\tb", "a    b"),
        ("\x1b]52;c;aGk=\x07", "␛]52;c;aGk=␇"),
        ("\x1b[2J", "␛[2J"),
        ("\x9b2J", "<U+009B>2J"),
        ("\x7f", "␡"),
        ("a\r\nb", "a␍␊b"),
        ("evil\u202egnp.exe", "evil<U+202E>gnp.exe"),
        ("b\u200bo\u2060b\ufeff", "bob"),
        ("\U000e0041", ""),
        ("\u2028\u2029", "<U+2028><U+2029>"),
        ("\ud800", "<U+D800>"),
        ("\0", "␀"),
        ("\x1b]0;mine\x1b\\", "␛]0;mine␛\\"),
        ("\x1b[?1003h\x1b[?1006h", "␛[?1003h␛[?1006h"),
        ("\x1b[201~", "␛[201~"),
        ("\u2066a\u2069", "<U+2066>a<U+2069>"),
        ("a\ufe0fb\U000e0100", "ab"),
        ("👩\u200d👧", "👩👧"),
        ("e\u0301", "e\u0301"),
        ("e" + "\u0301" * 99 + "f", "e" + "\u0301" * MARKS + "f"),
        ("e" + "\u0301\u200b" * 99, "e" + "\u0301" * MARKS),
    ],
)
def test_clean(text: str, shown: str) -> None:
    assert clean(text) == shown


@given(ANYTHING)
def test_nothing_that_a_terminal_could_obey_passes(text: str) -> None:
    assert not [c for c in clean(text) if unicodedata.category(c) in HARMFUL]


def test_no_character_that_is_harmful_passes() -> None:
    """Each of Unicode by itself, so that luck finds nothing more."""
    passed = clean("\n".join(map(chr, range(sys.maxunicode + 1)))).split("␊")
    characters = set("".join(passed))
    assert len(characters) > 100_000
    assert not [c for c in characters if unicodedata.category(c) in HARMFUL]
    assert not [c for c in characters if unicodedata.bidirectional(c) in BIDI]
    assert not characters & set(map(chr, UNSEEN))


@given(st.text(st.one_of(MARK, st.characters(exclude_categories=()), st.sampled_from("\u200b\0"))))
def test_marks_do_not_pile_up(text: str) -> None:
    run = 0
    for character in clean(text):
        run = run + 1 if unicodedata.category(character).startswith("M") else 0
        assert run <= MARKS


@given(ANYTHING)
def test_what_is_clean_stays_as_it_is(text: str) -> None:
    assert clean(clean(text)) == clean(text)


@given(ANYTHING)
def test_json_means_the_same_and_is_harmless(text: str) -> None:
    line = clean_json({"message": text})
    assert json.loads(line) == {"message": _joined(text)}
    assert not [c for c in line if unicodedata.category(c) in HARMFUL]


def test_json_leaves_letters_readable() -> None:
    assert clean_json({"message": "Grüße"}) == '{"message":"Grüße"}'


def test_json_escapes_what_lies_beyond_the_first_plane() -> None:
    """Invisible tag characters could hide text from the person who sees the line."""
    assert clean_json({"m": "\U000e0041"}) == '{"m":"\\udb40\\udc41"}'


def test_json_escapes_marks_that_pile_up() -> None:
    line = clean_json({"m": "e" + "\u0301" * 99})
    assert line.count("\u0301") == MARKS
    assert json.loads(line) == {"m": "e" + "\u0301" * 99}


def _joined(text: str) -> str:
    """Two surrogates that stand side by side are one character once they went through JSON."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
