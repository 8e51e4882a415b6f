"""What is going to happen in a self-test, drawn from its seed.

The seed decides who says what to whom and after which pauses, when the server and the clients are
killed, and after how many bytes a connection is cut, stalled, delayed or split. What meets what in
time is up to the machine.
"""

from collections.abc import Iterator
from random import Random
from typing import NamedTuple

import msgspec

RATE = 150.0
"""How many messages are said in a second, by all together, when they are few."""

DELIVERIES = 3000.0
"""How many deliveries a second that may come to; with more clients less is said."""

LONGEST_AWAY = 2.0
"""The longest time, in seconds, before a client that was killed is started again."""

_KILLING = 0.97  # the share of the time in which the server is killed, so that none comes too late
_DIRECT = 0.25  # the share of direct messages
_AGAIN = 0.02  # how often an earlier message is sent once more
_BURST = 0.05  # how often several are said at once
_BURST_MESSAGES = 12
_ALPHABET = 'abcdefghij ABCDEF 0123456789 {}[]":,\\/\n\täßçфя漢字\u2028😀'
_LENGTHS = ((0.90, 40), (0.09, 400), (0.01, 1900))  # of the padding: shares, and up to how much

_CUT = 0.7  # the share of connections that are cut
_CUT_EARLY = 0.25  # and of those, the share that is cut before much was said
_EARLY_BYTES = 3000
_LATE_BYTES = 200_000
_STALLED = 0.15
_LONGEST_STALL = 4.0  # seconds; longer than the heartbeat allows
_DELAYED = 0.3
_LONGEST_DELAY = 0.05  # seconds
_SPLIT = 0.3
_LARGEST_PIECE = 40  # bytes


class Settings(msgspec.Struct, frozen=True):
    """What is asked of a self-test."""

    seconds: float
    """How long clients talk and things are broken."""
    kills: int
    """How often the server is killed."""
    clients: int
    """How many clients talk, at least 2."""
    seed: int

    @property
    def rate(self) -> float:
        """How many messages a client says in a second."""
        return min(RATE, DELIVERIES / self.clients) / self.clients


class Fall(NamedTuple):
    """A client is killed."""

    at: float
    """When, in seconds from the beginning."""
    client: int
    """Which one."""
    away: float
    """How long until it is started again, in seconds."""


class Fate(msgspec.Struct, frozen=True):
    """What becomes of a connection. Bytes are counted over both directions together."""

    cut_after: int | None = None
    """After how many bytes it is cut; None for never."""
    reset: bool = False
    """Whether both sides are told by a reset, or by an end."""
    stall_after: int | None = None
    """After how many bytes it stands still for a while; None for never."""
    stall: float = 0.0
    """For how long, in seconds."""
    delay: float = 0.0
    """How long everything is held back, in seconds."""
    piece: int = 0
    """The most bytes that are passed on together at first; 0 for all that there are."""


class Utterance(NamedTuple):
    """Something that a client says."""

    pause: float
    """For how long it says nothing before, in seconds."""
    text: str
    to: str | None
    """Whom it is for; None for everybody."""
    again: bool
    """Whether something that was confirmed earlier is sent once more behind it."""


def name_of(client: int) -> str:
    """Returns what a client is called."""
    return f"client{client:02}"


def kills(settings: Settings) -> list[float]:
    """Returns when the server is killed, in seconds from the beginning: once in each equal part."""
    dice = _random(settings.seed, "kills")
    part = _KILLING * settings.seconds / max(1, settings.kills)
    return [(number + dice.random()) * part for number in range(settings.kills)]


def falls(settings: Settings) -> list[Fall]:
    """Returns when clients are killed: half as often as the server, and at most once a second."""
    dice = _random(settings.seed, "falls")
    count = min((settings.kills + 1) // 2, int(settings.seconds))
    part = settings.seconds / max(1, count)
    deck: list[int] = []
    result = []
    for number in range(count):
        if not deck:
            deck = dice.sample(range(settings.clients), settings.clients)
        at = (number + dice.random()) * part
        result.append(Fall(at, deck.pop(), dice.uniform(0.0, LONGEST_AWAY)))
    return result


def fate(seed: int, connection: int) -> Fate:
    """Returns what becomes of a connection.

    Args:
        seed: The run's.
        connection: Its number, from 0, in the order in which they come.
    """
    dice = _random(seed, f"connection {connection}")
    cut_after = None
    if dice.random() < _CUT:
        early = dice.random() < _CUT_EARLY
        cut_after = dice.randrange(1, _EARLY_BYTES if early else _LATE_BYTES)
    stalled = dice.random() < _STALLED
    return Fate(
        cut_after=cut_after,
        reset=dice.random() < 0.5,  # noqa: PLR2004 - one in two
        stall_after=dice.randrange(1, _LATE_BYTES // 2) if stalled else None,
        stall=dice.uniform(0.0, _LONGEST_STALL),
        delay=dice.uniform(0.0, _LONGEST_DELAY) if dice.random() < _DELAYED else 0.0,
        piece=dice.randrange(1, _LARGEST_PIECE) if dice.random() < _SPLIT else 0,
    )


def script(settings: Settings, client: int, life: int) -> Iterator[Utterance]:
    """Yields, without an end, what a client says in one of its lives, each text unlike all others.

    Args:
        settings: The run's.
        client: Its number.
        life: How often its program has been started, from 1.
    """
    name = name_of(client)
    dice = _random(settings.seed, f"{name} {life}")
    burst = 0
    number = 0
    while True:
        number += 1
        pause = dice.expovariate(settings.rate) * (1 + _BURST * _BURST_MESSAGES)
        if burst:
            burst -= 1
            pause = 0.0
        elif dice.random() < _BURST:
            burst = dice.randrange(2 * _BURST_MESSAGES)
        direct = dice.random() < _DIRECT
        yield Utterance(
            pause,
            f"{name}-{life}-{number} {_padding(dice)}",
            name_of(dice.randrange(settings.clients)) if direct else None,
            dice.random() < _AGAIN,
        )


def _padding(dice: Random) -> str:
    """Returns what makes texts differ in length and in how they are encoded."""
    share = dice.random()
    for part, longest in _LENGTHS:
        if share < part:
            return "".join(dice.choices(_ALPHABET, k=dice.randrange(longest)))
        share -= part
    return ""


def _random(seed: int, purpose: str) -> Random:
    return Random(f"{seed} {purpose}")  # noqa: S311  # nosec B311  # no secret
