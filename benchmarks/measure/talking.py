"""One conversation of many clients with a server: said, counted to the last message, measured."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from benchmarks.load import orders
from benchmarks.load.crew import Crew, deal
from benchmarks.load.languages import LANGUAGES
from benchmarks.load.orders import Pace, Talk, Window
from benchmarks.load.station import LoadFailed
from benchmarks.servers.recipe import Recipe
from benchmarks.servers.running import Running

ENTRY_SECONDS = 120.0
"""How long all clients together have to come in."""

SILENCE = 60.0
"""How many seconds of silence mean that what is missing will not come."""

DRAIN_SECONDS = 180.0
"""How long it may take after the last message was sent until the last one has come."""

SAMPLED_PER_SECOND = 20_000
"""How many deliveries a second are looked at for their latency, so that looking costs little."""


@dataclass(frozen=True)
class Outcome:
    """What came of a conversation."""

    messages: int
    deliveries: int
    """To others than their senders."""
    seconds: float
    """From the first message sent until the last one came."""
    cpu_seconds: float
    """What the server used."""
    load_seconds: float
    """What the load generator used of the processor."""
    busiest_seconds: float
    """What its busiest process used."""
    latencies: Mapping[int, float]
    """By when it was sent in nanoseconds, how many seconds a message took to its last recipient."""


class Hall:
    """The clients of one server, dealt to the processes of the load generator.

    A context manager; at its end the clients leave. After a failure they do not, and the crew has
    to be restarted.

    Args:
        crew: the load generator.
        server: the server.
        recipe: what is known of it.
        shares: which clients each process holds.
    """

    def __init__(
        self, crew: Crew, server: Running, recipe: Recipe, shares: Sequence[range]
    ) -> None:
        self._crew = crew
        self._server = server
        self._recipe = recipe
        self.shares = dict(enumerate(shares))
        self._entrance = LANGUAGES[recipe.language]

    def __enter__(self) -> Self:
        """Nobody is in yet."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Let the clients leave."""
        if error is None:
            self._crew.all(orders.Leave())

    def fill(self) -> float:
        """Bring all clients in; return how many seconds that took."""
        entered = self._crew.ask(
            {
                index: orders.Enter(
                    self._server.port,
                    self._recipe.language,
                    share,
                    self._recipe.logins_at_once,
                    ENTRY_SECONDS,
                )
                for index, share in self.shares.items()
            },
            orders.Entered,
            ENTRY_SECONDS,
        )
        first = min(each.first_ns for each in entered.values())
        return (max(each.last_ns for each in entered.values()) - first) / 1e9

    def settle(self) -> None:
        """Wait until all the news of who came is out; with many clients lists of users are rare."""
        clients = sum(len(share) for share in self.shares.values())
        quiet = 0.2 + min(5.5, clients / 800)
        self._crew.all(orders.Settle(quiet, 6 * quiet), 6 * quiet)

    def talk(
        self, senders: Sequence[int], how: Window | Pace, seconds: float, size: int
    ) -> Outcome:
        """Talk, and see that every message comes to all it is for, once.

        Args:
            senders: who talks.
            how: how.
            seconds: how long.
            size: how many bytes of text a message has.

        Raises:
            LoadFailed: something did not come, or came twice.
        """
        self._crew.all(orders.Reset())
        witnesses = self._place_witnesses(how)
        used = self._server.cpu_seconds()
        talked = self._crew.ask(
            {
                index: Talk(own, how, seconds, size, witnesses, self._rate_of_samples(how))
                for index, own in self._senders(senders).items()
            },
            orders.Talked,
            seconds,
        )
        sent = Counter[int]()
        for each in talked.values():
            sent.update(each.sent)
        drained = self.drain(self.due(sent, how), sent)
        started = min(each.started_ns for each in talked.values())
        messages = sent.total()
        return Outcome(
            messages=messages,
            deliveries=messages * self._recipients(how),
            seconds=(max(each.last_ns for each in drained.values()) - started) / 1e9,
            cpu_seconds=self._server.cpu_seconds() - used,
            load_seconds=sum(each.cpu_seconds for each in drained.values()),
            busiest_seconds=max(each.cpu_seconds for each in drained.values()),
            latencies=last_arrivals([each.samples for each in drained.values()], self._copies(how)),
        )

    def due(self, sent: Mapping[int, int], how: Window | Pace) -> Callable[[int], int]:
        """Return how many messages a client is to get, by its number."""
        if isinstance(how, Window) and how.partners:
            return lambda number: sent.get(number ^ 1, 0)
        total = sum(sent.values())
        if self._entrance.echo:
            return lambda _: total
        return lambda number: total - sent.get(number, 0)

    def drain(
        self, due: Callable[[int], int], sent: Mapping[int, int]
    ) -> dict[int, orders.Drained]:
        """Wait until everyone has what it is to have.

        Raises:
            LoadFailed: somebody has less or more.
        """
        confirms = self._entrance.confirms
        drained = self._crew.ask(
            {
                index: orders.Drain(
                    {number: due(number) for number in share},
                    {number: sent[number] for number in share if confirms and number in sent},
                    SILENCE,
                    DRAIN_SECONDS,
                )
                for index, share in self.shares.items()
            },
            orders.Drained,
            DRAIN_SECONDS,
        )
        faults = [fault for each in drained.values() for fault in each.faults]
        if faults:
            raise LoadFailed(f"{' '.join(faults[:3])} ({len(faults)} or more clients in all)")
        return drained

    def _place_witnesses(self, how: Window | Pace) -> Sequence[int]:
        """Have a witness in each process but the first, where one is needed; return in which."""
        if isinstance(how, Pace) or how.partners or how.until_confirmed:
            return []
        indices = [index for index, share in self.shares.items() if index > 0 and share]
        self._crew.ask(dict.fromkeys(indices, orders.Witness()), orders.Done, 0)
        return indices

    def _senders(self, senders: Sequence[int]) -> dict[int, Sequence[int]]:
        """Return who of `senders` is in which process, without those that have none."""
        own = {
            index: [number for number in senders if number in share]
            for index, share in self.shares.items()
        }
        return {index: numbers for index, numbers in own.items() if numbers}

    def _recipients(self, how: Window | Pace) -> int:
        if isinstance(how, Window) and how.partners:
            return 1
        return sum(len(share) for share in self.shares.values()) - 1

    def _copies(self, how: Window | Pace) -> int:
        """Return how often a message comes, to its sender included where that gets it."""
        is_echoed = self._entrance.echo and not (isinstance(how, Window) and how.partners)
        return self._recipients(how) + is_echoed

    def _rate_of_samples(self, how: Window | Pace) -> float:
        return min(500.0, max(5.0, SAMPLED_PER_SECOND / self._recipients(how)))


def last_arrivals(
    samples: Iterable[Mapping[int, tuple[int, int]]], copies: int
) -> dict[int, float]:
    """Return how long messages took to the last of all who got them, by when they were sent.

    Args:
        samples: what each process saw: how often a message came there, and when last.
        copies: how often each came in all; what came otherwise is left out.
    """
    count: Counter[int] = Counter()
    last: dict[int, int] = {}
    for seen in samples:
        for sent, (times, when) in seen.items():
            count[sent] += times
            last[sent] = max(last.get(sent, 0), when)
    return {sent: (last[sent] - sent) / 1e9 for sent in last if count[sent] == copies}


def room_shares(crew: Crew, clients: int, senders: int) -> list[range]:
    """Return how the clients of a room are dealt: all senders, and two listeners, to the first."""
    return deal(clients, crew.size, senders + 2)
