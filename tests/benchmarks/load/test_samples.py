"""The latency is found in what comes, wherever that is cut."""

import pytest

from benchmarks.load import texts
from benchmarks.load.samples import Samples, percentile

FIRST, SECOND = 1000, 2000


@pytest.mark.parametrize("piece", [1, 2, 5, 16, 17, 18, 100, 1000])
def test_samples_are_found_however_they_are_cut(piece: int) -> None:
    stream = b"..".join(
        [texts.plain(1, 80), texts.sampled(2, 80, FIRST), texts.sampled(3, 80, SECOND)]
    )
    samples, cut = Samples(), b""
    for at in range(0, len(stream), piece):
        data = bytearray(stream[at : at + piece])
        cut = samples.take(cut, data, len(data), 5000 + at)
    assert cut == b""
    assert {sent: count for sent, (count, _) in samples.seen.items()} == {FIRST: 1, SECOND: 1}


def test_the_last_of_several_copies_counts() -> None:
    samples = Samples()
    data = bytearray(texts.sampled(2, 80, FIRST))
    samples.take(b"", data, len(data), 1500)
    samples.take(b"", data, len(data), 1700)
    assert samples.seen == {FIRST: (2, 1700)}


def test_what_stands_behind_the_length_is_not_looked_at() -> None:
    samples = Samples()
    data = bytearray(b"x" * 10 + texts.sampled(2, 80, FIRST))
    assert samples.take(b"", data, 10, 1500) == b""
    assert samples.seen == {}


@pytest.mark.parametrize(
    ("share", "value"), [(0, 1), (0.5, 50), (0.501, 51), (0.99, 99), (0.991, 100), (1, 100)]
)
def test_percentiles_are_nearest_ranks(share: float, value: float) -> None:
    assert percentile([float(each) for each in range(100, 0, -1)], share) == value


def test_one_value_is_every_percentile() -> None:
    assert percentile([3.0], 0.5) == percentile([3.0], 0.99) == 3
