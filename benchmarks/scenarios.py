"""The scenarios, as `scenarios.toml` has them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from benchmarks.paths import HERE

Positive = Annotated[int, Meta(ge=1)]
Seconds = Annotated[float, Meta(gt=0, le=600)]

FEWEST_LISTENERS = 2
"""How many of a room must be there to listen: those by which one knows that a message has come."""


class Goal(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What chatroom is to reach in a scenario."""

    figure: str
    """Which figure of the scenario."""
    of: str = "chatroom"
    """Whose: chatroom, or another way to speak with it."""
    at_most: float | None = None
    at_least: float | None = None
    """One of the two, in the unit of the figure, or as a ratio if `times` is given."""
    times: str | None = None
    """Another server's figure, by its name, or that of the best of all peers: `best peer`."""
    aim: float | None = None
    """A bound that would be better still."""

    def __post_init__(self) -> None:
        """See that it has exactly one bound."""
        if (self.at_most is None) == (self.at_least is None):
            raise ValueError("a goal has either at_most or at_least")


class Scenario(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    """Something that servers are put through, and what is measured of them meanwhile."""

    name: str
    title: str
    servers: tuple[str, ...] = ("chatroom",)
    seconds: Seconds = 3.0
    """How long is measured, where that is a matter of choice."""
    quick: bool = False
    """Whether it is among those of `make bench-quick`."""
    goals: tuple[Goal, ...] = ()

    def scaled(self, scale: float) -> "Scenario":
        """Return a smaller one, to try the yardstick itself."""
        return msgspec.structs.replace(self, seconds=max(0.05, self.seconds * scale))


class Talk(Scenario, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Clients that say something. The base of those scenarios that are told by their deliveries."""

    text_bytes: Positive = 80
    """How long the text of a message is."""
    data: Literal["file", "memory"] = "file"
    """Where chatroom keeps the log."""


class Room(Talk, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="room"):
    """Everyone in one room. Either so many in flight, or so many a second."""

    clients: Positive
    senders: Positive
    window: Positive | None = None
    """How many messages each sender keeps in flight."""
    rate: Annotated[float, Meta(gt=0)] | None = None
    """How many messages a second are said by all senders together."""
    until: Literal["delivered", "confirmed"] = "delivered"
    """What ends a message's flight. A server that confirms nothing is always waited for until the
    message has come."""

    def __post_init__(self) -> None:
        """See that it can be done."""
        if (self.window is None) == (self.rate is None):
            raise ValueError("a room has either a window or a rate")
        if self.clients < self.senders + FEWEST_LISTENERS:
            raise ValueError(f"a room has {FEWEST_LISTENERS} clients that only listen")

    def scaled(self, scale: float) -> "Room":
        """Return a smaller one."""
        clients = max(self.senders + FEWEST_LISTENERS, int(self.clients * scale))
        seconds = max(0.05, self.seconds * scale)
        return msgspec.structs.replace(self, clients=clients, seconds=seconds)


class Pairs(Talk, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="pairs"):
    """Pairs of clients that write to each other."""

    pairs: Positive
    window: Positive
    """How many messages each of the two keeps in flight to the other."""

    def scaled(self, scale: float) -> "Pairs":
        """Return a smaller one."""
        pairs = max(2, int(self.pairs * scale))
        seconds = max(0.05, self.seconds * scale)
        return msgspec.structs.replace(self, pairs=pairs, seconds=seconds)


class Idle(Scenario, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="idle"):
    """Clients that come in and then do nothing, for `seconds`."""

    clients: Positive

    def scaled(self, scale: float) -> "Idle":
        """Return a smaller one."""
        clients = max(10, int(self.clients * scale))
        seconds = max(0.05, self.seconds * scale)
        return msgspec.structs.replace(self, clients=clients, seconds=seconds)


class Resume(Scenario, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="resume"):
    """Clients that go and come back all at once, while others stay and talk on."""

    returning: Positive
    missed: Positive
    """How many messages each of them has to get back."""
    staying: Positive
    rate: Annotated[float, Meta(gt=0)]
    """How many messages a second are said, before and meanwhile."""
    text_bytes: Positive = 80

    def scaled(self, scale: float) -> "Resume":
        """Return a smaller one."""
        return msgspec.structs.replace(
            self,
            returning=max(5, int(self.returning * scale)),
            missed=max(10, int(self.missed * scale)),
            staying=max(5, int(self.staying * scale)),
            seconds=max(0.2, self.seconds * scale),
        )


class Start(Scenario, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="start"):
    """A server that starts with a log that is full."""

    messages: Positive

    def scaled(self, scale: float) -> "Start":
        """Return a smaller one."""
        return msgspec.structs.replace(self, messages=max(100, int(self.messages * scale)))


class Library(Scenario, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="library"):
    """The client library, which reads messages as fast as it can."""

    messages: Positive
    text_bytes: Positive = 80

    def scaled(self, scale: float) -> "Library":
        """Return a smaller one."""
        return msgspec.structs.replace(self, messages=max(1000, int(self.messages * scale)))


AnyScenario = Room | Pairs | Idle | Resume | Start | Library


class Sweep(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A room at several sizes, to see how the cost grows."""

    name: str
    title: str
    over: Literal["clients", "text_bytes"]
    values: Annotated[tuple[Positive, ...], Meta(min_length=3)]
    room: Room
    """What it is otherwise; its name, title and goals are not used."""
    goals: tuple[Goal, ...] = ()

    def points(self) -> Iterator[Room]:
        """Yield the scenario for each value."""
        for value in self.values:
            changes: dict[str, object] = {
                "name": f"{self.name}-{value}",
                "title": f"{self.title}: {value:,}",
                self.over: value,
            }
            yield msgspec.structs.replace(self.room, **changes)


class Plan(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All there is to measure."""

    scenarios: tuple[AnyScenario, ...]
    sweeps: tuple[Sweep, ...] = ()


def read_plan(path: Path = HERE / "scenarios.toml") -> Plan:
    """Return what is to be measured.

    Raises:
        msgspec.ValidationError: the file says something that cannot be; the text says where.
    """
    plan = msgspec.toml.decode(path.read_bytes(), type=Plan)
    names = [each.name for each in (*plan.scenarios, *plan.sweeps)]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise msgspec.ValidationError(f"there are two scenarios called {min(twice)}")
    return plan
