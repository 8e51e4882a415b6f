"""What the conductor tells a process of the load generator, and what that answers.

Clients are known by their numbers; a process holds a range of them. Moments are nanoseconds of the
monotonic clock, which is one for all processes of a machine.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

HOST = "127.0.0.1"
"""Where every server listens."""


@dataclass(frozen=True)
class Enter:
    """Connect and log in."""

    port: int
    language: str
    """A key of `languages.LANGUAGES`."""
    numbers: range
    pace: int
    """How many may be on their way in at once."""
    seconds: float
    """How long it may take."""


@dataclass(frozen=True)
class Entered:
    """All are in."""

    first_ns: int
    """When the first began to connect."""
    last_ns: int
    """When the last was in."""


@dataclass(frozen=True)
class Settle:
    """Read until nothing comes any more."""

    quiet: float
    """For how many seconds nothing must come."""
    seconds: float
    """How long that may take in all; it is no fault if something comes for ever."""


@dataclass(frozen=True)
class Reset:
    """Forget what was counted and measured."""


@dataclass(frozen=True)
class Window:
    """Each sender keeps so many messages in flight: a closed loop."""

    size: int
    partners: bool = False
    """Whether each writes to its partner alone (0 and 1, 2 and 3, ...), not to the room."""
    until_confirmed: bool = False
    """Whether a message is in flight until it is confirmed, and not until it has come.

    One to the room has come when all witnesses have it: the first who came and, of each process,
    the last. Servers that go through the room in the order of arrival, or the other way, begin and
    end with these."""
    most: int | None = None
    """How many messages each sends at most."""


@dataclass(frozen=True)
class Pace:
    """So many messages a second, from the senders in turn: an open loop.

    The latency of each counts from when it was due, not from when it could be sent.
    """

    rate: float


@dataclass(frozen=True)
class Witness:
    """Let the first process, where the senders are, know what comes to the last client of this."""


@dataclass(frozen=True)
class Talk:
    """Say something."""

    senders: Sequence[int]
    how: Window | Pace
    seconds: float
    """How long, or how long at most where the number of messages is bounded."""
    text_bytes: int
    witnesses_in: Sequence[int]
    """In which processes, beside this one, somebody sees what comes: see `Witness`."""
    samples_per_second: float
    """Of how many messages a second the latency is measured; of all in an open loop."""


@dataclass(frozen=True)
class Talked:
    """It was said."""

    sent: Mapping[int, int]
    """How many messages each sender sent."""
    started_ns: int


@dataclass(frozen=True)
class Drain:
    """Read until every client has what it is to have."""

    deliveries: Mapping[int, int]
    """How many messages each client is to have since the last reset."""
    confirmations: Mapping[int, int]
    """How many of its own are to be confirmed."""
    silence: float
    """For how many seconds nothing at all may come before the rest is given up as lost."""
    seconds: float
    """How long it may take in all."""


@dataclass(frozen=True)
class Drained:
    """What came since the last reset."""

    last_ns: int
    """When the last of it came."""
    faults: Sequence[str]
    """A sentence for each client that has too much, too little, or was cut off; ten at most."""
    samples: Mapping[int, tuple[int, int]]
    """By the moment at which it was sent, how often a message came here, and when last."""
    cpu_seconds: float
    """What this process used since the last reset."""


@dataclass(frozen=True)
class Part:
    """Close the connections of all clients, and remember who they were."""


@dataclass(frozen=True)
class Return:
    """Come back, all at once, each with the session it had."""

    port: int
    after: int
    """The place in the room's log up to which they have everything."""
    missed: int
    """How many messages each has to get back."""
    seconds: float
    """How long it may take."""


@dataclass(frozen=True)
class Returned:
    """All are back and have what they missed."""

    first_ns: int
    """When the first began to connect."""
    last_ns: int
    """When the last had caught up."""


@dataclass(frozen=True)
class Leave:
    """Close all connections and forget everything."""


@dataclass(frozen=True)
class Done:
    """The order, whatever it was, is carried out."""


@dataclass(frozen=True)
class Failed:
    """The order could not be carried out."""

    reason: str
    """A sentence."""


Order = Enter | Settle | Reset | Witness | Talk | Drain | Part | Return | Leave
Reply = Entered | Talked | Drained | Returned | Done | Failed
