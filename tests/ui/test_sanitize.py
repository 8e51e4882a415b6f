import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatroom.ui.sanitize import clean, clean_json

ANYTHING = st.text(st.characters(exclude_categories=()))
"""Any text at all, lone surrogates included."""

HARMFUL = {"Cc", "Cf", "Cs", "Zl", "Zp"}


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
    ],
)
def test_clean(text: str, shown: str) -> None:
    assert clean(text) == shown


@given(ANYTHING)
def test_nothing_that_a_terminal_could_obey_passes(text: str) -> None:
    assert not [c for c in clean(text) if unicodedata.category(c) in HARMFUL]


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


def _joined(text: str) -> str:
    """Two surrogates that stand side by side are one character once they went through JSON."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
