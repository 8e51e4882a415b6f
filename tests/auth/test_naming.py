"""What a new account may be called, and which names look alike."""

import itertools
import json
import sys
import unicodedata
from collections.abc import Iterator
from functools import cache

import precis_i18n
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from chatroom.auth.naming import BYTES, AsciiNames, UnicodeNames, naming
from chatroom.auth.unicode_table import UnicodeTable
from chatroom.protocol.errors import ErrorCode, ProtocolError
from chatroom.protocol.names import fold, same
from chatroom.ui.sanitize import clean

LIMIT = 32

UNICODE = UnicodeNames()


def refusal(name: str, limit: int = LIMIT) -> str:
    """See that nobody may be called that; return the sentence."""
    with pytest.raises(ProtocolError) as caught:
        UNICODE.check(name, limit)
    assert (caught.value.code, caught.value.field) == (ErrorCode.INVALID_USERNAME, "username")
    return caught.value.message


@cache
def alphabet() -> list[str]:
    """Return the characters outside of ASCII that may stand in a name, alone or behind a letter.

    Of the ideographs and the syllables of Korean, which are all alike, there is one in a hundred.
    """
    table = UnicodeTable()
    characters = map(chr, range(128, sys.maxunicode + 1))
    known = [c for c in characters if unicodedata.category(c) != "Cs" and table.has(c)]
    many = [
        c for c in known if unicodedata.name(c, "").startswith(("CJK UNIFIED", "HANGUL SYLLABLE"))
    ]
    few = [*many[::100], *sorted(set(known) - set(many))]
    return [c for c in few if any(_is_taken(name) for name in (c, f"a{c}", f"ا{c}"))]


def _is_taken(name: str) -> bool:
    try:
        UNICODE.check(name, LIMIT)
    except ProtocolError:
        return False
    return True


@pytest.mark.parametrize(
    ("wanted", "name"),
    [
        ("bob", "bob"),
        ("Anne-Marie_2.0", "Anne-Marie_2.0"),
        ("jérôme", "jérôme"),
        ("je\u0301ro\u0302me", "jérôme"),
        ("Ａｌｉｃｅ", "Alice"),
        ("Łukasz", "Łukasz"),
        ("straße", "straße"),
        ("Σωκράτης", "Σωκράτης"),
        ("иван-2", "иван-2"),
        ("שלום", "שלום"),
        ("زيد", "زيد"),
        ("काव्य", "काव्य"),
        ("ไทย", "ไทย"),
        ("日本", "日本"),
        ("にほんゴ", "にほんゴ"),
        ("한국", "한국"),
        ("Tiếng_Việt", "Tiếng_Việt"),
    ],
)
def test_names_of_one_script_are_taken_in_their_one_form(wanted: str, name: str) -> None:
    assert UNICODE.check(wanted, LIMIT) == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "a b",
        'a"b',
        "a\\b",
        "a\nb",
        "a/b",
        "O'Neil",
        "a\x00b",
        "a\x9bb",
        "a\ud800b",
        "bоb",  # with a Cyrillic letter
        "ивaн",  # with a Latin one
        "αlpha",
        "a\u200db",  # invisible characters
        "a\u200cb",
        "a\ufe0fb",
        "a\U000e0061b",
        "a\u202eb",
        "a\u2066b",
        "ﬁn",  # compatibility characters
        "𝐛ob",
        "Ⅷ",
        "a·b",  # punctuation
        "日・本",
        "bob\u0661",  # a digit of another script
        "dev1\u0967",
        "٣4",
        "\u0301a",  # marks on nothing, twice, or too many
        "a-\u0301",
        "a\u0301\u0301",
        "a\u0301\u0302\u0303\u0304\u0306",
        "𐌰𐌱",  # a script of the past
        "ᏴᎾᏴ",  # one of limited use
        "שa",
        "1ש",  # the bidi rule
        "ש-",
        "🙂",
        "\ue000",
    ],
)
def test_everything_else_is_refused_with_the_rule(name: str) -> None:
    assert refusal(name) == (
        "A username has 1 to 32 characters, of at most 96 bytes: letters and digits of one script, "
        "'-', '_' and '.'."
    )


def test_length_counts_in_characters_and_in_bytes() -> None:
    assert UNICODE.check("é" * LIMIT, LIMIT)
    assert UNICODE.check("日" * LIMIT, LIMIT)
    refusal("é" * (LIMIT + 1))
    refusal("𠀀" * (LIMIT * BYTES // 4 + 1))
    assert UNICODE.check("𠀀" * (LIMIT * BYTES // 4), LIMIT)
    refusal("a" * 10_000_000)
    assert UNICODE.check("e\u0301" * LIMIT, LIMIT) == "é" * LIMIT


@pytest.mark.parametrize(
    "names",
    [
        ("bob1", "bobl", "bobI"),
        ("BOB0", "bobo", "BOBO"),
        ("modern", "modem"),
        ("coco", "сосо"),  # Cyrillic
        ("ΑΒΕ", "ABE", "abe"),  # Greek
        ("straße", "strasse"),
        ("ו", "l", "1"),
    ],
)
def test_names_that_look_alike_share_a_look(names: tuple[str, ...]) -> None:
    for one, other in itertools.pairwise(names):
        assert UNICODE.looks(one) & UNICODE.looks(other), (one, other)


def test_names_that_do_not_look_alike_share_none() -> None:
    names = ("bob", "bab", "b.ob", "b-ob", "bob2", "boob", "jérôme", "jerome", "иван", "ибан")
    for one, other in itertools.combinations(names, 2):
        assert not UNICODE.looks(one) & UNICODE.looks(other), (one, other)


def test_nobody_may_look_like_the_person_at_the_terminal() -> None:
    """It calls them "you"; whoever is called just so is shown in quotes."""
    assert UNICODE.check("you", LIMIT) == "you"
    assert refusal("γου") == (
        "The name γου looks like you, which is taken; choose one that nobody can mistake."
    )


def test_no_name_needs_to_be_escaped() -> None:
    """`protocol.events` writes names between quotes as they are; a terminal shows them so too."""
    assert len(alphabet()) > 4_000
    every = "".join(alphabet())
    assert json.dumps(every, ensure_ascii=False) == f'"{every}"'
    plain = [c for c in alphabet() if not unicodedata.category(c).startswith("M")]
    assert clean("".join(plain)) == "".join(plain)
    assert not {unicodedata.category(c)[0] for c in alphabet()} - {"L", "M", "N"}


ANY = st.text(st.characters(exclude_categories=()), max_size=40)


@st.composite
def names(draw: st.DrawFn) -> str:
    """Draw names that are taken, and texts that nearly are."""
    first = draw(st.sampled_from(alphabet()))
    near = [c for c in alphabet() if abs(ord(c) - ord(first)) < 200]
    return draw(st.text(st.sampled_from([*near, *"aZ09-_."]), min_size=1, max_size=12))


def taken(text: str) -> str:
    """Return the name that comes of a text, if any does."""
    try:
        return UNICODE.check(text, LIMIT)
    except ProtocolError:
        assume(condition=False)
        raise


@given(names())
def test_the_key_is_that_of_precis(text: str) -> None:
    """RFC 8265, section 3.3, with case folding."""
    name = taken(text)
    assert fold(name) == precis_i18n.get_profile("UsernameCaseMapped:CaseFold").enforce(name)
    mapped = precis_i18n.get_profile("UsernameCaseMapped").enforce(name)
    assert same(mapped, name)
    assert same(text, name)


@given(names())
def test_a_name_is_taken_as_it_is_once_it_has_its_form(text: str) -> None:
    name = taken(text)
    assert UNICODE.check(name, LIMIT) == name
    assert fold(fold(name)) == fold(name)
    assert json.dumps(name, ensure_ascii=False) == f'"{name}"'
    assert clean(name) == name


@given(names())
def test_names_that_are_the_same_look_alike(text: str) -> None:
    name = taken(text)
    for other in {name.upper(), name.lower(), name.title(), fold(name)}:
        if same(other, name):
            assert UNICODE.looks(other) & UNICODE.looks(name)


@given(ANY)
def test_no_text_is_too_strange_to_be_refused(text: str) -> None:
    name = _taken_by(UNICODE, text)
    assert name is None or name.isprintable()


@given(st.text(st.sampled_from("aZ09-_.é "), max_size=40))
def test_ascii_names_are_the_same_by_both_rules(text: str) -> None:
    assume(text.isascii())
    both = [_taken_by(rule, text) for rule in (AsciiNames(), UNICODE)]
    assert both[0] == both[1]


def _taken_by(rule: AsciiNames | UnicodeNames, text: str) -> str | None:
    try:
        return rule.check(text, LIMIT)
    except ProtocolError:
        return None


def test_ascii_names_look_like_nothing() -> None:
    assert naming("ascii").looks("bob") == frozenset()
    assert naming("unicode").looks("bob") == {"bob"}


def _lines() -> Iterator[str]:
    from chatroom.auth.unicode_table import FILE  # noqa: PLC0415 - only here

    yield from FILE.read_text("ascii").splitlines()


def test_the_table_says_where_it_is_from() -> None:
    assert next(_lines()).startswith("# Unicode 15.0.0: ")
