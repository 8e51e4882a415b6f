"""How often something took how long, counted by the one thread that does it."""

from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple

SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
"""Bounds for what takes from half a millisecond to seconds."""


class Reading(NamedTuple):
    """What a histogram holds at some moment."""

    below: list[tuple[float, int]]
    """Each bound with how many values were not above it; the last one is infinity."""
    total: float
    """All values added up."""


class Histogram:
    """Counts values by their size. One thread observes; any other may read meanwhile.

    Without a lock: a value that is just being observed is in none or in some of what is read.

    Args:
        bounds: the sizes, rising.
    """

    __slots__ = ("_bounds", "_counts", "_total")

    def __init__(self, bounds: Sequence[float] = SECONDS) -> None:
        self._bounds = (*bounds, float("inf"))
        self._counts = [0] * len(self._bounds)
        self._total = 0.0

    def observe(self, value: float) -> None:
        """Count `value`. For the thread that owns this."""
        self._counts[bisect_left(self._bounds, value)] += 1
        self._total += value

    def read(self) -> Reading:
        """Return what has been counted. Any thread may call it."""
        total, counts = self._total, list(self._counts)
        below: list[tuple[float, int]] = []
        so_far = 0
        for bound, count in zip(self._bounds, counts, strict=True):
            so_far += count
            below.append((bound, so_far))
        return Reading(below, total)
