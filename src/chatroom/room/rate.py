"""How fast one may talk: a token bucket for each account, which all its connections share.

Where a message is refused, those behind it on the same connection are refused too until it has come
again, even if there is a token for them meanwhile. So a client that has many on their way, and
sends again what was refused, has them stored in the order in which it sent them first.
"""

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple, NoReturn

from chatroom.protocol.errors import ErrorCode, ProtocolError

HOLD_SECONDS = 5.0
"""How long those behind a refused message wait for it, beyond the time that its sender was told."""

REMEMBERED = 10_000
"""How many accounts without a connection are remembered for having talked just now."""

_WHOLE = 0.999
"""How much of a token is one. Less than 1, so that rounding refuses nobody who waited as told."""


class TokenBucket:
    """Lets through `rate` messages a second, and `burst` at once. Any thread may call any method.

    Args:
        rate: messages per second, 0 for no limit.
        burst: how many may come at once after a pause.
        clock: seconds that only go forward.
    """

    def __init__(self, rate: float, burst: int, clock: Callable[[], float]) -> None:
        self.rate = rate
        self._burst = float(burst)
        self._clock = clock
        self._lock = threading.Lock()  # guards the two below; nothing blocks under it
        self._tokens = self._burst
        self._filled_at = clock()

    def take(self) -> None:
        """Take one message's token.

        Raises:
            ProtocolError: `rate_limited`, with the seconds until there is one.
        """
        if not self.rate:
            return
        with self._lock:
            self._fill()
            if self._tokens >= _WHOLE:
                self._tokens -= 1
                return
            wait = (1 - self._tokens) / self.rate
        refuse(wait)

    def is_full(self) -> bool:
        """Say whether it is as if nobody had ever taken anything."""
        with self._lock:
            self._fill()
            return self._tokens == self._burst

    def _fill(self) -> None:
        now = self._clock()
        self._tokens = min(self._burst, self._tokens + (now - self._filled_at) * self.rate)
        self._filled_at = now


class _Held(NamedTuple):
    """A message that was refused, and for which those behind it wait."""

    id: str
    again_at: float
    """When it may come again."""
    until: float
    """When the others no longer wait for it."""


class Pace:
    """How fast one connection may talk. Belongs to its reading thread.

    Args:
        bucket: what the connections of the account share.
        clock: seconds that only go forward.
    """

    def __init__(self, bucket: TokenBucket, clock: Callable[[], float]) -> None:
        self._bucket = bucket
        self._clock = clock
        self._held: _Held | None = None
        self._behind = 0  # how many have been refused since then for their order's sake

    def take(self, id: str | None) -> None:
        """Let a message through, or refuse it.

        Args:
            id: what the client calls it. Only what has a name can be waited for, and waits.

        Raises:
            ProtocolError: `rate_limited`, with the seconds after which to send it again.
        """
        if self._held is not None and id is not None:
            self._take_turn(self._held, id)
        try:
            self._bucket.take()
        except ProtocolError as problem:
            if id is not None and problem.retry_after is not None:
                again_at = self._clock() + problem.retry_after
                self._held = _Held(id, again_at, again_at + HOLD_SECONDS)
                self._behind = 0
            raise

    def _take_turn(self, held: _Held, id: str) -> None:
        """Refuse a message that overtakes the one that is waited for."""
        now = self._clock()
        if id == held.id or now >= held.until:
            self._held = None
            return
        # When its turn comes if all those before it are sent again as they were told.
        self._behind += 1
        wait = max(0.0, held.again_at - now) + self._behind / self._bucket.rate
        refuse(min(wait, held.until - now))


class Paces:
    """The buckets of all accounts. Any thread may call any method.

    The bucket of an account whose last connection has gone is kept, so that nobody gets a new burst
    by connecting again, until it is full. Of more than `remembered` of them the oldest go.

    Args:
        rate: messages per second, 0 for no limit.
        burst: how many may come at once after a pause.
        clock: seconds that only go forward.
        remembered: see above.
    """

    def __init__(
        self,
        rate: float,
        burst: int,
        clock: Callable[[], float] = time.monotonic,
        remembered: int = REMEMBERED,
    ) -> None:
        self._rate = rate
        self._burst = burst
        self._clock = clock
        self._remembered = remembered
        self._lock = threading.Lock()  # guards the two below; taken before a bucket's
        self._present: dict[int, tuple[TokenBucket, int]] = {}  # by account, with its connections
        self._absent: OrderedDict[int, TokenBucket] = OrderedDict()  # in the order of their going

    def enter(self, account: int) -> Pace | None:
        """Return the pace of a new connection of `account`, None if there is no limit."""
        if not self._rate:
            return None
        with self._lock:
            bucket, connections = self._present.get(account, (None, 0))
            bucket = bucket or self._absent.pop(account, None)
            bucket = bucket or TokenBucket(self._rate, self._burst, self._clock)
            self._present[account] = bucket, connections + 1
        return Pace(bucket, self._clock)

    def leave(self, account: int) -> None:
        """Note that a connection of `account` which had entered has gone."""
        if not self._rate:
            return
        with self._lock:
            bucket, connections = self._present.pop(account)
            if connections > 1:
                self._present[account] = bucket, connections - 1
                return
            self._absent[account] = bucket
            while self._absent:
                oldest, bucket = next(iter(self._absent.items()))
                if len(self._absent) <= self._remembered and not bucket.is_full():
                    return
                del self._absent[oldest]

    def __len__(self) -> int:
        """Return how many buckets there are."""
        with self._lock:
            return len(self._present) + len(self._absent)


def refuse(wait: float) -> NoReturn:
    """Refuse a message for `wait` seconds.

    Raises:
        ProtocolError: `rate_limited`.
    """
    wait = math.ceil(wait * 1000) / 1000
    raise ProtocolError(
        ErrorCode.RATE_LIMITED,
        f"That is too fast; send it again in {wait} seconds.",
        retry_after=wait,
    )
