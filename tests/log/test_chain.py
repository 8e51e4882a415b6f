"""The hash over a commit: everything that was said is in it, and nothing can pass for another."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatroom.log.chain import (
    GENESIS,
    Link,
    Span,
    digest,
    seal,
    size,
    spans_from_text,
    spans_to_text,
)

LINKS: list[Link] = [(7, None, digest(b"one")), (8, b"id", digest(b"two"))]
SPANS: list[Span] = [(1, 3, 4)]


def test_the_hash_is_the_one_that_is_described() -> None:
    """Computed here by hand; whoever checks a log with another program does the same."""
    header = b"12.5 [[1,3,4]]"
    said = b"".join(
        [
            bytes(32),
            *(bytes([0, 0, 0, len(header)]), header),
            *(b"\0\0\0\x03", b"7:-", hashlib.sha256(b"one").digest()),
            *(b"\0\0\0\x06", b"8:2:id", hashlib.sha256(b"two").digest()),
        ]
    )
    assert seal(GENESIS, 12.5, SPANS, LINKS) == hashlib.sha256(said).digest()


@pytest.mark.parametrize(
    ("before", "ts", "spans", "links"),
    [
        (b"\1" * 32, 12.5, SPANS, LINKS),
        (GENESIS, 12.501, SPANS, LINKS),
        (GENESIS, 12.5, [(1, 4, 5)], LINKS),
        (GENESIS, 12.5, [(2, 3, 4)], LINKS),
        (GENESIS, 12.5, [(1, 3, 3), (2, 4, 4)], LINKS),
        (GENESIS, 12.5, SPANS, LINKS[::-1]),
        (GENESIS, 12.5, SPANS, LINKS[:1]),
        (GENESIS, 12.5, SPANS, [LINKS[0], (9, b"id", LINKS[1][2])]),
        (GENESIS, 12.5, SPANS, [LINKS[0], (8, b"ix", LINKS[1][2])]),
        (GENESIS, 12.5, SPANS, [LINKS[0], (8, None, LINKS[1][2])]),
        (GENESIS, 12.5, SPANS, [LINKS[0], (8, b"", LINKS[1][2])]),
        (GENESIS, 12.5, SPANS, [LINKS[0], (8, b"id", digest(b"twp"))]),
    ],
)
def test_whatever_is_changed_changes_the_hash(
    before: bytes, ts: float, spans: list[Span], links: list[Link]
) -> None:
    assert seal(before, ts, spans, links) != seal(GENESIS, 12.5, SPANS, LINKS)


links = st.tuples(
    st.integers(0, 20),
    st.none() | st.binary(max_size=3) | st.sampled_from([b"-", b"1:a", b"2:-"]),
    st.sampled_from([digest(b""), digest(b"x")]),
)


@given(st.lists(links, max_size=3), st.lists(links, max_size=3))
def test_different_entries_have_different_hashes(one: list[Link], other: list[Link]) -> None:
    """No author, id or text can be moved over a border between two of them."""
    same = seal(GENESIS, 1.0, SPANS, one) == seal(GENESIS, 1.0, SPANS, other)
    assert same == (one == other)


spans = st.tuples(st.integers(1, 9), st.integers(1, 9), st.integers(1, 9))


@given(st.lists(spans))
def test_spans_come_back_as_they_were_stored(given_: list[Span]) -> None:
    assert spans_from_text(spans_to_text(given_)) == given_


@pytest.mark.parametrize("text", ["", "x", "{}", "[1]", "[[1,2]]", '[[1,2,"3"]]', "[[1,2,3]"])
def test_what_are_no_spans_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="are no spans"):
        spans_from_text(text)


@pytest.mark.parametrize("text", ["[[1, 2, 3]]", "[[1,2,3]]\n", "[[1,2,3e0]]"])
def test_spans_that_are_spelt_otherwise_are_refused(text: str) -> None:
    """Otherwise what a commit holds could be changed without its hash."""
    with pytest.raises(ValueError, match=r"not how spans are stored|are no spans"):
        spans_from_text(text)


def test_the_size_is_that_of_all_spans_together() -> None:
    assert (size([]), size([(1, 3, 3)]), size([(1, 3, 5), (4, 1, 2)])) == (0, 1, 5)
