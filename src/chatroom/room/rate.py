"""How fast one may talk: a token bucket."""

import math
from collections.abc import Callable

from chatroom.protocol.errors import ErrorCode, ProtocolError

_WHOLE = 0.999
"""How much of a token is one. Less than 1, so that rounding refuses nobody who waited as told."""


class TokenBucket:
    """Lets through `rate` messages a second, and `burst` at once. Belongs to one thread.

    Args:
        rate: messages per second, 0 for no limit.
        burst: how many may come at once after a pause.
        clock: seconds that only go forward.
    """

    def __init__(self, rate: float, burst: int, clock: Callable[[], float]) -> None:
        self._rate = rate
        self._burst = float(burst)
        self._clock = clock
        self._tokens = self._burst
        self._filled_at = clock()

    def take(self) -> None:
        """Take one message's token.

        Raises:
            ProtocolError: `rate_limited`, with the seconds until there is one.
        """
        if not self._rate:
            return
        now = self._clock()
        gained = (now - self._filled_at) * self._rate
        self._tokens = min(self._burst, self._tokens + gained)
        self._filled_at = now
        if self._tokens < _WHOLE:
            wait = math.ceil((1 - self._tokens) / self._rate * 1000) / 1000
            raise ProtocolError(
                ErrorCode.RATE_LIMITED,
                f"That is too fast; send it again in {wait} seconds.",
                retry_after=wait,
            )
        self._tokens -= 1
