"""Wrong passwords: ever longer delays for whoever guesses, and never a lock-out of the owner.

Guesses are counted for the name that they are for and for the address that they come from, and
after some of them the next one has to wait. Somebody who guesses from everywhere thereby keeps a
name busy; so an address from which its password, or a session, was once shown is counted by itself,
and what others guess elsewhere delays nobody there.

Nothing waits here: who comes too early is told when to come again, and the password is not looked
at, be it right or wrong.
"""

import math
import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import NamedTuple

from chatroom.protocol.errors import ErrorCode, ProtocolError
from chatroom.protocol.names import fold
from chatroom.tcp import is_loopback, origin

FREE = 10
"""How many wrong passwords there may be before anybody has to wait."""

LONGEST_SECONDS = 300.0
"""The longest delay. Guessing one name then takes a day for 288 passwords."""

LONGEST_AT_HOME_SECONDS = 30.0
"""The longest one where the owner has been. The owner may be the one who waits."""

FORGOTTEN_SECONDS = 3600.0
"""How long after the last wrong password all of them are forgotten."""

AT_ONCE = 32
"""How many passwords may be checked at once for one name, or for one address elsewhere than on this
machine, while none was wrong; then only as many as are free. So nobody guesses often before the
first guess has been counted, nor fills the line."""

AT_ONCE_AT_HOME = 256
"""The same where the owner has been, who may come with many connections."""

COUNTED = 50_000
"""How many names, and how many addresses, wrong passwords are counted for; the one for which there
was none for the longest time is forgotten for another."""

HOMES = 8
"""From how many addresses it is remembered that an owner came; the one that was used least lately
is forgotten for another. There is a bound for each, so that nobody can push out those of others."""

OWNERS = 20_000
"""For how many names that is remembered; the one that came least lately is forgotten."""

Home = tuple[str, str]
"""A name, and an address from which its owner came."""

_AGAIN_SECONDS = 1.0
"""When to come again if too many are being checked."""


class _Count(NamedTuple):
    """The wrong passwords for something."""

    number: int
    last: float
    """When the last of them came."""


class Guesses:
    """Counts wrong passwords by some key, and says how long to wait after them.

    Whoever has it guards it.

    Args:
        longest: the longest delay, in seconds.
        at_once: how many may be checked at once for one key while none was wrong.
        limit: for how many keys they are counted.
    """

    def __init__(self, longest: float, at_once: int, limit: int = COUNTED) -> None:
        self._longest = longest
        self._at_once = at_once
        self._limit = limit
        self._wrong: OrderedDict[str | Home, _Count] = OrderedDict()  # by the time of the last one
        self._open: Counter[str | Home] = Counter()  # how many are being checked

    def wait(self, key: str | Home, now: float) -> float:
        """Return in how many seconds the next password may be tried; 0 for at once."""
        count = self._wrong.get(key)
        if count is None:
            most = self._at_once
        else:
            wait = count.last + self._delay(count.number) - now
            if wait > 0:
                return wait
            most = max(1, FREE - count.number)
        return _AGAIN_SECONDS if self._open[key] >= most else 0.0

    def _delay(self, number: int) -> float:
        """Return how long to wait after so many wrong passwords."""
        if number < FREE:
            return 0.0
        return min(2.0 ** min(number - FREE, 30), self._longest)  # 30 is more than enough

    def begin(self, key: str | Home) -> None:
        """Note that a password is being checked."""
        self._open[key] += 1

    def end(self, key: str | Home) -> None:
        """Note that it has been."""
        self._open[key] -= 1
        if not self._open[key]:
            del self._open[key]

    def add(self, key: str | Home, now: float) -> None:
        """Count a wrong password."""
        self._forget_old(now)
        number = self._wrong.pop(key, _Count(0, now)).number
        self._wrong[key] = _Count(number + 1, now)
        if len(self._wrong) > self._limit:
            self._wrong.popitem(last=False)

    def clear(self, key: str | Home) -> None:
        """Forget the wrong passwords, for the right one was given."""
        self._wrong.pop(key, None)

    def _forget_old(self, now: float) -> None:
        while self._wrong:
            key, count = next(iter(self._wrong.items()))
            if now - count.last < FORGOTTEN_SECONDS:
                return
            del self._wrong[key]

    def __len__(self) -> int:
        """Return how much is remembered, in entries."""
        return len(self._wrong) + len(self._open)


class Attempts:
    """Who may try a password now. Any thread may call any method; none of them blocks.

    Args:
        clock: seconds that only go forward.
        owners: see `OWNERS`.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, owners: int = OWNERS) -> None:
        self._clock = clock
        self._limit = owners
        self._lock = threading.Lock()  # guards the rest; nothing blocks under it
        self._by_name = Guesses(LONGEST_SECONDS, AT_ONCE)
        self._by_origin = Guesses(LONGEST_SECONDS, AT_ONCE)
        self._at_home = Guesses(LONGEST_AT_HOME_SECONDS, AT_ONCE_AT_HOME)
        # By name, where the owner came from, the least lately used first in both.
        self._homes: OrderedDict[str, list[str]] = OrderedDict()

    def attempt(self, username: str, address: str) -> AbstractContextManager[None]:
        """Check a password inside of this, as in `guess`; a right one is remembered.

        Args:
            username: whose it should be, also if there is nobody of that name.
            address: where it comes from.

        Raises:
            ProtocolError: see `guess`.
        """
        return self.guess(username, address, known=True)

    @contextmanager
    def guess(self, username: str, address: str, *, known: bool = False) -> Iterator[None]:
        """Check a secret inside of this; `wrong_password` and `invalid_invite` are counted.

        Args:
            username: whose it should be, also if there is nobody of that name.
            address: where it comes from.
            known: whether whoever knows the secret is `username` without a doubt.

        Raises:
            ProtocolError: `rate_limited`, before anything is checked, with the seconds to wait.
        """
        counted = self._begin(username, address)
        try:
            yield
            if known:
                self.welcome(username, address)
        except ProtocolError as problem:
            if problem.code in _WRONG:
                self._count(counted)
            raise
        finally:
            self._end(counted)

    def welcome(self, username: str, address: str) -> None:
        """Remember that somebody has been at `address` who is `username` without a doubt."""
        name, place = home = (fold(username), origin(address))
        with self._lock:
            self._at_home.clear(home)
            others = [other for other in self._homes.pop(name, ()) if other != place]
            self._homes[name] = [*others[-HOMES + 1 :], place]
            if len(self._homes) > self._limit:
                self._homes.popitem(last=False)

    def _begin(self, username: str, address: str) -> "_Counted":
        now = self._clock()
        with self._lock:
            counted = self._counted(fold(username), address)
            wait = max([guesses.wait(key, now) for guesses, key in counted])
            if wait:
                raise _too_many(wait)
            for guesses, key in counted:
                guesses.begin(key)
        return counted

    def _counted(self, name: str, address: str) -> "_Counted":
        """Return where an attempt is counted, and under which key."""
        place = origin(address)
        if place in self._homes.get(name, ()):
            return [(self._at_home, (name, place))]
        counted: _Counted = [(self._by_name, name)]
        if not is_loopback(address):  # which many may share, as behind a relay
            counted.append((self._by_origin, place))
        return counted

    def _count(self, counted: "_Counted") -> None:
        now = self._clock()
        with self._lock:
            for guesses, key in counted:
                guesses.add(key, now)

    def _end(self, counted: "_Counted") -> None:
        with self._lock:
            for guesses, key in counted:
                guesses.end(key)

    def __len__(self) -> int:
        """Return how much is remembered, in entries."""
        with self._lock:
            guesses = (self._by_name, self._by_origin, self._at_home)
            return sum(map(len, guesses)) + len(self._homes)


_WRONG = {ErrorCode.WRONG_PASSWORD, ErrorCode.INVALID_INVITE}
"""What a secret that was not the right one is answered with."""

_Counted = list[tuple[Guesses, str | Home]]


def _too_many(wait: float) -> ProtocolError:
    """Return the error for somebody who has to wait so many seconds."""
    seconds = math.ceil(wait)
    return ProtocolError(
        ErrorCode.RATE_LIMITED,
        f"Too many passwords or invites were tried; try again in {seconds} s.",
        retry_after=float(seconds),
    )
