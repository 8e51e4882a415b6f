"""Framing: the same stream means the same however it is split, and never costs more than it may."""

import json
import random
import tracemalloc
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatroom.protocol import boundary, frames
from chatroom.protocol.errors import ErrorCode, ProtocolError
from chatroom.protocol.frames import Frame, FrameDecoder, encode
from tests.protocol.decoding import (
    Meaning,
    bytewise,
    comparable,
    cut,
    decode,
    judge,
    meaning,
)
from tests.wire_cases import FRAME_BYTES, WireCase, wire_cases

LONG = 600
"""Above so many bytes a stream is split at random places instead of at each."""

CASES = {case.name: case for case in wire_cases()}


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> WireCase:
    """Each case under `tests/wire` in turn."""
    return CASES[request.param]


def _splits(data: bytes) -> Iterator[list[bytes]]:
    """Yield `data` in pieces, in many ways."""
    chance = random.Random(len(data))  # noqa: S311  # the same splits each time
    if len(data) <= LONG:
        yield list(bytewise(data))
        for at in range(1, len(data)):
            yield [data[:at], data[at:]]
    else:
        yield list(cut(data, range(1, len(data), 13)))
    for _ in range(5):
        yield list(
            cut(data, [chance.randrange(len(data) + 1) for _ in range(chance.randint(1, 20))])
        )


def test_a_stream_means_what_its_case_says(case: WireCase) -> None:
    found, goes_on = decode([case.data])
    assert ([judge(frame) for frame in found], goes_on) == (list(case.out), case.open)


def test_a_stream_means_the_same_however_it_is_split(case: WireCase) -> None:
    expected = meaning([case.data])
    for pieces in _splits(case.data):
        assert meaning(pieces) == expected, [len(piece) for piece in pieces]


def test_valid_cases_are_valid_and_invalid_ones_are_not() -> None:
    """The folder that a case stands in says whether a client may send it."""
    for case in CASES.values():
        flawless = case.open and not any(item.error or item.refused for item in case.out)
        assert flawless == case.name.startswith("valid/"), case.name


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.open])
def test_the_stream_is_in_step_behind_whatever_leaves_it_open(name: str) -> None:
    """A newline and a good frame behind any case are understood."""
    decoder = FrameDecoder(FRAME_BYTES)
    decoder.feed(CASES[name].data)
    assert decoder.feed(b'\n{"command":"ping"}')[-1] == {"command": "ping"}


def test_nothing_comes_out_of_a_closed_stream() -> None:
    decoder = FrameDecoder(8)
    (error,) = decoder.feed(b'{"command":"WHO"}')
    assert isinstance(error, ProtocolError)
    assert error.code is ErrorCode.FRAME_TOO_LARGE
    assert "8 bytes" in error.message
    assert decoder.closed
    assert decoder.feed(b'{}\n{"command":"WHO"}') == []


def test_each_complete_frame_comes_out_at_once() -> None:
    """A client that waits for the answer before it sends more is not left waiting."""
    decoder = FrameDecoder(FRAME_BYTES)
    assert decoder.feed(b'{"command":"WHO"') == []
    assert decoder.feed(b'}{"a":') == [{"command": "WHO"}]
    assert decoder.feed(b"1} {}") == [{"a": 1}, {}]


# What any client could send.

texts = st.text(st.characters(codec="utf-8"))
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
objects = st.dictionaries(texts, values, max_size=4)
separators = st.text(st.sampled_from(" \t\r\n"), max_size=3).map(str.encode)
spellings = st.sampled_from(
    [
        lambda message: json.dumps(message).encode(),
        lambda message: json.dumps(message, ensure_ascii=False).encode(),
        lambda message: json.dumps(message, indent=2, ensure_ascii=False).encode(),
        encode,
    ]
)
places = st.lists(st.integers(0, 400), max_size=12)

scraps = st.sampled_from(
    [bytes([byte]) for byte in b'{}[]"\\,:\n\r\t 01-aeu/']
    + [b'"a"', b'"a":', b'{"a":1}', b'{"command":"WHO"}', b"null", b"NaN", b'\\"', b"\\u00e9"]
    + ["é".encode(), "😀".encode(), b"\xc3", b"\xff", b"\x00", b"\xef\xbb\xbf", b"\xed\xa0\x80"]
    + [b"[" * 300, b"]" * 300, b'{"a":' * 260, b'{"a":"' + b"x" * 5000 + b'"}']
)


def _reach(data: bytes, at: list[int]) -> list[bytes]:
    """Return `data` cut at places of which those outside it are folded in."""
    return list(cut(data, [place % (len(data) + 1) for place in at]))


@given(st.lists(st.tuples(objects, spellings, separators), max_size=6), places)
def test_objects_come_out_as_they_were_sent(
    sent: list[tuple[dict[str, object], object, bytes]], at: list[int]
) -> None:
    """Any objects in any spelling, with or without separators, split anywhere."""
    stream = b"".join(spell(message) + gap for message, spell, gap in sent)  # type: ignore[operator]
    expected = [message for message, _, _ in sent]
    assert decode(_reach(stream, at)) == (expected, True)
    assert decode(bytewise(stream)) == (expected, True)


@given(objects)
def test_what_is_encoded_is_one_line_of_utf_8_that_reads_back(message: dict[str, object]) -> None:
    line = encode(message)
    assert line.endswith(b"}\n")
    assert line.count(b"\n") == 1
    assert json.loads(line.decode()) == message


@pytest.mark.parametrize("message", [{"text": "\ud800"}, {"when": float("nan")}, {"data": b""}])
def test_what_json_or_utf_8_cannot_carry_is_not_encoded(message: dict[str, object]) -> None:
    with pytest.raises((ValueError, TypeError)):
        encode(message)


def _hold(pieces: list[bytes], frame_bytes: int) -> tuple[Meaning, bool]:
    """Decode `pieces` and hold that no more than one frame of the longest length is kept."""
    decoder = FrameDecoder(frame_bytes)
    found: list[Frame] = []
    for piece in pieces:
        found += decoder.feed(piece)
        assert len(decoder._buffer) <= frame_bytes
    return comparable(found), not decoder.closed


anything = st.binary(max_size=200) | st.lists(scraps, max_size=30).map(b"".join)


@given(anything, st.integers(1, 60) | st.just(FRAME_BYTES), places)
def test_any_bytes_mean_the_same_however_they_are_split(
    data: bytes, frame_bytes: int, at: list[int]
) -> None:
    """No bytes raise anything, and what they mean does not depend on the network."""
    expected = _hold([data], frame_bytes)
    assert _hold(_reach(data, at), frame_bytes) == expected
    assert _hold(list(bytewise(data)), frame_bytes) == expected


@given(st.lists(objects, min_size=1, max_size=3), st.data())
def test_nearly_valid_bytes_mean_the_same_however_they_are_split(
    sent: list[dict[str, object]], draw: st.DataObject
) -> None:
    """The same for frames with a byte changed, left out or put in."""
    stream = bytearray(b"".join(map(encode, sent)))
    for _ in range(draw.draw(st.integers(1, 3))):
        at = draw.draw(st.integers(0, len(stream)))
        stream[at : at + draw.draw(st.integers(0, 2))] = draw.draw(scraps)
    expected = _hold([bytes(stream)], FRAME_BYTES)
    assert _hold(list(bytewise(bytes(stream))), FRAME_BYTES) == expected
    assert _hold(_reach(bytes(stream), draw.draw(places)), FRAME_BYTES) == expected


@pytest.mark.parametrize(
    "piece",
    [
        b" " * 1000,
        b"\n\r" * 500,
        b"something\n" * 100,
        b'{"text":"x"}' * 80,
        b'{"text" "x"}' * 80,
        b"\xff" * 999 + b"\n",
    ],
)
def test_an_endless_stream_costs_no_memory(piece: bytes) -> None:
    """A hundred kilobytes of blanks, of broken and of good frames leave nothing behind."""
    decoder = FrameDecoder(2000)
    decoder.feed(piece)
    tracemalloc.start()
    try:
        for _ in range(100):
            decoder.feed(piece)
        assert tracemalloc.get_traced_memory()[0] < 40_000
    finally:
        tracemalloc.stop()


# Cost: work is counted, not time.


class _Counting:
    """Stands for a compiled pattern and adds up the bytes that it looks at."""

    looked_at = 0

    def __init__(self, pattern: object) -> None:
        self._pattern = pattern

    def search(self, buffer: bytearray, start: int) -> object:
        return self._count(self._pattern.search(buffer, start), buffer, start)  # type: ignore[attr-defined]

    def match(self, buffer: bytearray, start: int) -> object:
        return self._count(self._pattern.match(buffer, start), buffer, start)  # type: ignore[attr-defined]

    def _count(self, found: object, buffer: bytearray, start: int) -> object:
        end = found.end() if found else len(buffer)  # type: ignore[attr-defined]
        _Counting.looked_at += end - start
        return found


class _Copies(bytearray):
    """A buffer that adds up the bytes that are copied out of it."""

    copied = 0

    def __getitem__(self, key: object) -> object:  # type: ignore[override]
        found = super().__getitem__(key)  # type: ignore[call-overload]
        return self._count(found) if isinstance(key, slice) else found

    def lstrip(self, characters: object = None) -> bytearray:
        return self._count(super().lstrip(characters))  # type: ignore[arg-type]

    def _count(self, found: bytearray) -> bytearray:
        _Copies.copied += len(found)
        return _Copies(found)


STREAMS = {
    "a text": b'{"a":"' + b"x" * 20_000,
    "escapes": b'{"a":"' + b"\\\\" * 10_000,
    "half escapes": b'{"a":"' + b'\\"' * 10_000,
    "newlines in an object": b"{" + b"\n" * 20_000,
    "texts": b"[" + b'"",' * 6_000,
    "brackets": b"[" * 10_000 + b"]" * 10_000,
    "objects": b'{"a":' * 4_000,
    "objects behind white space": (b"[" + b" " * 50 + b"{" + b" " * 48) * 200,
    "no JSON": b"x" * 20_000,
    "broken frames": b"x\n" * 10_000,
    "broken objects": b"{]" * 10_000,
    "missing braces": b'{"a":1 ' * 3_000,
    "good behind broken frames": b"x\n" + b"{}" * 10_000,
    "good frames": b'{"a":1}' * 3_000,
}


@pytest.mark.parametrize("name", STREAMS)
@pytest.mark.parametrize("piece", [1, 4096, 65_536])
def test_the_cost_is_linear_however_the_bytes_are_split(
    name: str, piece: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each byte is looked at a bounded number of times, and so is each copied."""
    for pattern in ("_OUTSIDE", "_STRING", "_AFTER_GARBAGE"):
        monkeypatch.setattr(boundary, pattern, _Counting(getattr(boundary, pattern)))
    monkeypatch.setattr(frames, "bytearray", _Copies, raising=False)
    monkeypatch.setattr(_Counting, "looked_at", 0)
    monkeypatch.setattr(_Copies, "copied", 0)
    data = STREAMS[name]
    decoder = FrameDecoder(FRAME_BYTES)
    for at in range(0, len(data), piece):
        decoder.feed(data[at : at + piece])
    assert _Counting.looked_at <= 3 * len(data)
    assert _Copies.copied <= 3 * len(data)


_spaces = st.sampled_from(["", " ", "\t"])
_values = st.sampled_from(
    ['"x"', '""', r'"\""', r'"\u0022"', "1", "null", "[]", '["a"]', '{"b":"c"}', '{"a":1,"a":2}']
)


@given(st.lists(st.tuples(st.sampled_from("abc"), _spaces, _values), max_size=4))
def test_a_key_that_stands_twice_is_found_whatever_stands_around_it(
    pairs: list[tuple[str, str, str]],
) -> None:
    """Whole frames are scanned in another way than broken ones; both find the same."""
    text = ",".join(f'"{key}"{space}:{value}' for key, space, value in pairs)
    frame = f"{{{text}}}".encode()
    keys = [key for key, _, _ in pairs]
    sound = len(set(keys)) == len(keys) and not any('a":1' in value for _, _, value in pairs)
    for parts in [frame], [frame[:-1], frame[-1:]]:
        decoder = FrameDecoder(1000)
        (found,) = [each for part in parts for each in decoder.feed(part)]
        assert isinstance(found, dict) is sound
        assert not sound or found == json.loads(frame)
