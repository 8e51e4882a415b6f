"""Where a frame ends, whatever is in it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatroom.protocol.boundary import MAX_DEPTH, Boundary

BEHIND = b'\n{"next":1}'


@pytest.mark.parametrize(
    ("data", "end"),
    [
        (b"{}{}", 2),
        (b'{"a":{"b":[]}} ', 14),
        (b'"text" "more"', 6),
        (b'{"a":"}"}', 9),
        (b'{"a":"\\"}"}', 11),
        (b'{"a":"\\\\"}x', 10),
        (b"garbage\n", 7),
        (b"garbage{", 7),
        (b"]\n", 1),
        (b'["text\n"]', 6),
        (b'["text\\\n"]', 7),
        (b'["text" {', 8),
        (b'["text"] {', 8),
        (b"[1 \n\r\t {", 7),
        (b"[}{", 2),
    ],
)
def test_a_frame_ends_where_its_text_says(data: bytes, end: int) -> None:
    assert Boundary().find(bytearray(data)) == end


@pytest.mark.parametrize("data", [b"{", b"[[]", b'"text', b'{"a":"\\', b"garbage", b"12", b"[1 ["])
def test_an_unfinished_frame_has_no_end_yet(data: bytes) -> None:
    assert Boundary().find(bytearray(data)) == -1


@given(st.recursive(st.text(), lambda inner: st.lists(inner, max_size=3), max_leaves=8))
def test_brackets_and_quotes_are_found_bit_by_bit_as_at_once(value: object) -> None:
    """Any arrays and texts end at their last byte, also when the bytes come one by one."""
    frame = json.dumps([value], ensure_ascii=False).encode("utf-8", "surrogatepass")
    assert Boundary().find(bytearray(frame + BEHIND)) == len(frame)
    boundary, buffer = Boundary(), bytearray()
    for byte in frame[:-1]:
        buffer.append(byte)
        assert boundary.find(buffer) == -1
    assert boundary.find(bytearray(frame)) == len(frame)


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
def test_too_deep_is_one_more_than_the_limit(opening: bytes) -> None:
    boundary = Boundary()
    boundary.find(bytearray(opening * MAX_DEPTH))
    assert not boundary.too_deep
    boundary.find(bytearray(opening * (MAX_DEPTH + 1)))
    assert boundary.too_deep


def test_brackets_in_texts_and_side_by_side_are_not_deep() -> None:
    boundary = Boundary()
    boundary.find(bytearray(b'["' + b"[" * 1000 + b'",' + b"[]," * 1000 + b"1]"))
    assert not boundary.too_deep
