"""What a message may say, held against a naive reading of the rule."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatroom.protocol.errors import ErrorCode, ProtocolError
from chatroom.protocol.text import check_message, has_surrogates

LIMIT = 24

# Everything, with the rare cases made likely: controls, surrogates, blanks, many bytes.
characters = (
    st.characters()
    | st.characters(categories=["Cc", "Cs", "Cf", "Zs", "Zl", "Zp"])
    | st.sampled_from("\n\t x\u00a0\u3000")
)
texts = st.text(characters, max_size=LIMIT + 4)


def _naive(text: str) -> set[ErrorCode]:
    """Return the codes that `text` may be refused with; none if it may be said."""
    faults: set[ErrorCode] = set()
    if any(unicodedata.category(c) in ("Cc", "Cs") and c not in "\n\t" for c in text):
        faults.add(ErrorCode.INVALID_FIELD)
    if len(text.encode("utf-8", "surrogatepass")) > LIMIT:
        faults.add(ErrorCode.MESSAGE_TOO_LONG)
    if not text.strip():
        faults.add(ErrorCode.EMPTY_MESSAGE)
    return faults


def _verdict(text: str) -> str | ProtocolError:
    try:
        return check_message(text, LIMIT)
    except ProtocolError as error:
        return error


@given(texts)
def test_a_message_is_judged_as_the_rule_says(text: str) -> None:
    verdict, faults = _verdict(text), _naive(text)
    if isinstance(verdict, ProtocolError):
        assert verdict.code in faults
        assert verdict.field == "message"
    else:
        assert verdict == text
        assert not faults


@given(st.text(characters))
def test_surrogates_are_seen_wherever_they_stand(text: str) -> None:
    assert has_surrogates(text) == any(unicodedata.category(c) == "Cs" for c in text)


def test_every_control_character_is_refused_and_named() -> None:
    for code in [*range(0x20), *range(0x7F, 0xA0), 0xD800, 0xDFFF]:
        if chr(code) in "\n\t":
            continue
        with pytest.raises(ProtocolError, match=rf"U\+{code:04X} at place 3\.") as caught:
            check_message(f"ab{chr(code)}c", LIMIT)
        assert caught.value.code is ErrorCode.INVALID_FIELD


@pytest.mark.parametrize("text", ["x" * 24, "é" * 12, "€" * 8, "😀" * 6, "a\nb\tc"])
def test_a_message_may_be_as_long_as_the_limit(text: str) -> None:
    assert check_message(text, LIMIT) == text


@pytest.mark.parametrize("text", ["x" * 25, "é" * 12 + "x", "€" * 8 + "x", "😀" * 7])
def test_a_message_that_is_too_long_is_told_both_lengths(text: str) -> None:
    with pytest.raises(
        ProtocolError, match=f"may have 24 bytes and this one has {len(text.encode())}"
    ) as caught:
        check_message(text, LIMIT)
    assert caught.value.code is ErrorCode.MESSAGE_TOO_LONG


@pytest.mark.parametrize("text", ["", " ", "\n\t \n", "\u00a0\u2003\u3000"])
def test_blanks_are_no_message(text: str) -> None:
    with pytest.raises(ProtocolError) as caught:
        check_message(text, LIMIT)
    assert caught.value.code is ErrorCode.EMPTY_MESSAGE
