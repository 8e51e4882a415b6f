"""Clients that come back all at once, while others stay and talk on."""

from benchmarks.load import orders
from benchmarks.load.crew import Crew, deal
from benchmarks.load.orders import Pace, Window
from benchmarks.load.samples import percentile
from benchmarks.load.station import LoadFailed
from benchmarks.measure.measured import Measured
from benchmarks.measure.talking import Hall, last_arrivals
from benchmarks.scenarios import Resume
from benchmarks.servers.recipe import Recipe
from benchmarks.servers.running import Running, running

SENDER = 1
"""The number of the one client that talks; it is of those that stay."""

RETURN_SECONDS = 120.0
"""How long the others may take to catch up."""

MISSED_SECONDS = 60.0
"""How long it may take to say what they will have missed."""

IN_FLIGHT = 100
"""How much of that is in flight."""


def measure(scenario: Resume, recipe: Recipe, crew: Crew) -> Measured:
    """Let the others go, talk, and let them come back; return the figures.

    The first process of the load generator holds those who stay, the others those who go.

    Raises:
        NotStarted: the server did not start.
        LoadFailed: somebody did not get every message once.
    """
    going = deal(scenario.returning, crew.size - 1)
    staying = scenario.staying
    moved = [range(each.start + staying, each.stop + staying) for each in going]
    with (
        running(recipe) as server,
        Hall(crew, server, recipe, [range(staying), *moved]) as hall,
    ):
        hall.fill()
        hall.settle()
        return _Return(scenario, crew, hall, server).measure()


class _Return:
    """One round of it.

    Args:
        scenario: the scenario.
        crew: the load generator.
        hall: the clients, all in.
        server: the server.
    """

    def __init__(self, scenario: Resume, crew: Crew, hall: Hall, server: Running) -> None:
        self._scenario = scenario
        self._crew = crew
        self._hall = hall
        self._server = server
        self._all = hall.shares
        self._others = [index for index in self._all if index > 0]
        self._place = 0  # in the room's log, up to which those who go have everything

    def measure(self) -> Measured:
        """Do it and return the figures."""
        scenario = self._scenario
        self._begin_to_talk()
        before = self._p99(self._end_of_talk(missed=0))
        self._go_away()
        self._begin_to_talk()
        back = self._come_back()
        live = self._end_of_talk(missed=scenario.missed)
        meanwhile = {at: late for at, late in live.items() if back.first_ns <= at <= back.last_ns}
        p99 = self._p99(meanwhile or live)  # they may be back before anybody said anything
        caught_up = (back.last_ns - back.first_ns) / 1e9
        return Measured(
            {
                "caught_up_s": caught_up,
                "live_p99_before_ms": before,
                "live_p99_ms": p99,
                "live_p99_ratio": p99 / before,
                "deliveries_per_s": scenario.returning * scenario.missed / caught_up,
                "rss_mib": self._server.memory().rss / 1024,
            }
        )

    def _begin_to_talk(self) -> None:
        """Let one who stays talk at the scenario's pace; `_end_of_talk` waits for the end."""
        scenario = self._scenario
        self._crew.all(orders.Reset())
        pace = Pace(scenario.rate)
        talk = orders.Talk([SENDER], pace, scenario.seconds, scenario.text_bytes, [], scenario.rate)
        self._crew.send(0, talk)

    def _end_of_talk(self, missed: int) -> dict[int, float]:
        """See that everyone gets everything, those who came back also what they `missed`.

        Returns:
            By when it was said, how late each message came to the last of those who stay.
        """
        talked = self._crew.collect([0], orders.Talked, self._scenario.seconds)[0]
        sent = talked.sent[SENDER]
        self._place += sent

        def due(number: int) -> int:
            stays = number in self._all[0]
            return sent - talked.sent.get(number, 0) if stays else sent + missed

        drained = self._hall.drain(due, talked.sent)
        return last_arrivals([drained[0].samples], len(self._all[0]) - 1)

    def _go_away(self) -> None:
        """Let the others go, and say what they will have missed."""
        self._crew.ask(dict.fromkeys(self._others, orders.Part()), orders.Done, 0)
        self._hall.shares = {0: self._all[0]}
        self._hall.settle()
        how = Window(IN_FLIGHT, until_confirmed=True, most=self._scenario.missed)
        talked = self._hall.talk([SENDER], how, MISSED_SECONDS, self._scenario.text_bytes)
        if talked.messages != self._scenario.missed:
            raise LoadFailed("What was to be missed could not be said in time.")
        self._hall.shares = self._all

    def _come_back(self) -> orders.Returned:
        """Let the others come back; return when they began to, and when all had caught up."""
        missed = self._scenario.missed
        order = orders.Return(self._server.port, self._place, missed, RETURN_SECONDS)
        back = self._crew.ask(
            dict.fromkeys(self._others, order), orders.Returned, RETURN_SECONDS
        ).values()
        first = min(each.first_ns for each in back)
        return orders.Returned(first, max(each.last_ns for each in back))

    @staticmethod
    def _p99(late: dict[int, float]) -> float:
        return percentile([1000 * each for each in late.values()], 0.99)
