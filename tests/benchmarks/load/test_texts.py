"""The texts of the load generator can be told from all else without parsing."""

import pytest

from benchmarks.load import texts


@pytest.mark.parametrize("size", [10, 80, 8192])
def test_a_text_has_its_size_and_one_mark(size: int) -> None:
    text = texts.plain(7, size)
    assert len(text) == size
    assert text.count(texts.MARK) == 1
    assert texts.SENDER.findall(text) == [b"7"]
    assert text.find(texts.SAMPLED) < 0


def test_a_text_too_short_for_its_sender_is_longer() -> None:
    assert texts.plain(1234, 1) == b"|1234;"


def test_a_sampled_text_has_the_time_too() -> None:
    text = texts.sampled(7, 80, 123_456_789)
    assert len(text) == 80
    assert text.count(texts.MARK) == 1
    assert text.count(texts.SAMPLED) == 1
    at = text.index(texts.SAMPLED)
    assert int(text[at + 1 : at + texts.SAMPLE_BYTES], 16) == 123_456_789


def test_no_text_needs_escaping_in_json_or_xml() -> None:
    text = texts.sampled(12, 80, 1) + texts.plain(12, 80)
    assert not set(text) & set(rb"\"\\<>&'")
