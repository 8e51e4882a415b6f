"""How long to wait before the next attempt to get a line back."""

import random
from collections.abc import Callable

FIRST_SECONDS = 0.2
LIMIT_SECONDS = 30.0


class Backoff:
    """Exponential backoff with full jitter: it knows no clock and never sleeps.

    The n-th wait is drawn evenly from 0 to `first * 2**n`, at most `limit`. Drawing from the whole
    range keeps a thousand clients that lost the same server from coming back at the same moment.

    Args:
        first: The longest first wait, in seconds, above 0.
        limit: The longest wait of all, in seconds.
        draw: Gives a number from 0 up to 1; tests pass their own.
    """

    def __init__(
        self,
        first: float = FIRST_SECONDS,
        limit: float = LIMIT_SECONDS,
        draw: Callable[[], float] = random.random,
    ) -> None:
        self._first = first
        self._limit = limit
        self._draw = draw
        self._ceiling = min(first, limit)  # the longest that the next wait can be

    def next(self) -> float:
        """Returns the seconds to wait before the next attempt."""
        wait = self._ceiling * self._draw()
        self._ceiling = min(self._ceiling * 2, self._limit)
        return wait

    def reset(self) -> None:
        """Begins again, once a line has proved good."""
        self._ceiling = min(self._first, self._limit)
