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
        self._pace = Pace(scenario.rate)
        self._place = 0  # in the room's log, up to which those who went have everything

    def measure(self) -> Measured:
        """Do it and return the figures."""
        before = self._p99(self._live_before())
        self._go_away()
        used = self._server.cpu_seconds()
        live, returned = self._come_back()
        caught_up = (returned.last_ns - returned.first_ns) / 1e9
        meanwhile = {
            sent: late
            for sent, late in live.items()
            if returned.first_ns <= sent <= returned.last_ns
        }
        if not meanwhile:  # they were back before anybody said anything
            meanwhile = live
        figures = {
            "caught_up_s": caught_up,
            "live_p99_before_ms": before,
            "live_p99_ms": self._p99(meanwhile),
            "live_p99_ratio": self._p99(meanwhile) / before,
            "deliveries_per_s": self._scenario.returning * self._scenario.missed / caught_up,
            "rss_mib": self._server.memory().rss / 1024,
            "server_cores": (self._server.cpu_seconds() - used) / self._scenario.seconds,
        }
        return Measured(figures)

    def _live_before(self) -> dict[int, float]:
        """Talk while all are there; return how late it came to the last of those who stay."""
        return self._talk_live(Pace(self._scenario.rate), returning=False)[0]

    def _go_away(self) -> None:
        """Let the others go, and say what they will have missed."""
        everybody_else = {index: orders.Part() for index in self._all if index > 0}
        self._crew.ask(everybody_else, orders.Done, 0)
        self._hall.shares = {0: self._all[0]}
        self._hall.settle()
        how = Window(100, until_confirmed=True, most=self._scenario.missed)
        talked = self._hall.talk([SENDER], how, 60, self._scenario.text_bytes)
        if talked.messages != self._scenario.missed:
            raise LoadFailed("What was to be missed could not be said in time.")
        self._hall.shares = self._all

    def _come_back(self) -> tuple[dict[int, float], orders.Returned]:
        live, returned = self._talk_live(self._pace, returning=True)
        assert returned is not None
        return live, returned

    def _talk_live(
        self, how: Pace, *, returning: bool
    ) -> tuple[dict[int, float], orders.Returned | None]:
        """Talk, let the others come back meanwhile, and see that everyone gets everything.

        Returns:
            By when it was said, how late each message came to the last of those who stay; and
            when the first began to come back, and the last had caught up.
        """
        scenario, crew = self._scenario, self._crew
        crew.all(orders.Reset())
        talk = orders.Talk([SENDER], how, scenario.seconds, scenario.text_bytes, [], 500)
        crew.send(0, talk)
        others = [index for index in self._all if index > 0]
        back: list[orders.Returned] = []
        if returning:
            missed = scenario.missed
            order = orders.Return(self._server.port, self._place, missed, RETURN_SECONDS)
            answers = crew.ask(dict.fromkeys(others, order), orders.Returned, RETURN_SECONDS)
            back = list(answers.values())
        talked = crew.collect([0], orders.Talked, scenario.seconds)[0]
        sent = talked.sent[SENDER]
        self._place += sent
        missing = scenario.missed if returning else 0

        def due(number: int) -> int:
            stays = number in self._all[0]
            return sent - talked.sent.get(number, 0) if stays else sent + missing

        drained = self._hall.drain(due, talked.sent)
        late = last_arrivals([drained[0].samples], len(self._all[0]) - 1)
        if not back:
            return late, None
        first = min(each.first_ns for each in back)
        return late, orders.Returned(first, max(each.last_ns for each in back))

    @staticmethod
    def _p99(late: dict[int, float]) -> float:
        return percentile([1000 * each for each in late.values()], 0.99)
