"""Usernames."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatroom.protocol.errors import ErrorCode, ProtocolError
from chatroom.protocol.names import MAX_USERNAME, check_username, fold, same

ALLOWED = string.ascii_letters + string.digits + "-_."


@given(st.text(st.sampled_from(ALLOWED), min_size=1, max_size=MAX_USERNAME))
def test_what_the_rule_allows_is_returned_as_it_is(name: str) -> None:
    assert check_username(name) == name


@given(st.text())
def test_everything_else_is_refused(name: str) -> None:
    if 1 <= len(name) <= MAX_USERNAME and set(name) <= set(ALLOWED):
        assert check_username(name) == name
        return
    with pytest.raises(ProtocolError) as caught:
        check_username(name)
    assert caught.value.code is ErrorCode.INVALID_USERNAME
    assert caught.value.field == "username"


@pytest.mark.parametrize("name", ["", "a" * 33, "a b", "bob\n", "\x00", "jérry", "\uff42ob", "a/b"])
def test_a_refusal_says_the_rule(name: str) -> None:
    with pytest.raises(ProtocolError, match="A username has 1 to 32 characters: letters a to z"):
        check_username(name)


def test_the_configured_length_counts() -> None:
    assert check_username("a" * 64, 64) == "a" * 64
    with pytest.raises(ProtocolError, match="1 to 3 characters"):
        check_username("anna", 3)


@given(st.text(st.sampled_from(ALLOWED), min_size=1))
def test_names_that_differ_only_in_case_are_the_same(name: str) -> None:
    assert fold(name.upper()) == fold(name.lower()) == fold(name) == fold(fold(name))
    assert same(name.swapcase(), name)


def test_other_names_are_others() -> None:
    assert len({fold(name) for name in ("bob", "b.ob", "b-ob", "b_ob", "bob1")}) == 5
    assert not same("bob", "b.ob")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Jérry", "JE\u0301RRY"),
        ("\uff22\uff2f\uff22", "bob"),
        ("Σωκράτης", "ΣΩΚΡΆΤΗΣ"),
        ("straße", "STRASSE"),
    ],
)
def test_so_are_names_that_unicode_holds_for_the_same(one: str, other: str) -> None:
    assert same(one, other)


@given(st.text(st.characters(exclude_categories=())))
def test_whatever_comes_has_a_key(name: str) -> None:
    assert same(name, name)
