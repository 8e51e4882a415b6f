"""Everything that is said is counted, and a server that loses or doubles something has failed."""

from collections.abc import Iterator

import pytest

from benchmarks.load.crew import Crew
from benchmarks.load.orders import Pace, Window
from benchmarks.load.station import LoadFailed
from benchmarks.measure import talk, talking
from benchmarks.measure.talking import Outcome, last_arrivals
from benchmarks.paths import HERE
from benchmarks.scenarios import Pairs, Room
from benchmarks.servers.own import Chatroom, Floor, PythonLoop
from benchmarks.servers.recipe import Recipe
from tests.benchmarks.servers.scripts import Script

OURS: list[Recipe] = [Chatroom(), PythonLoop(), Floor()]
WINDOW = Room(name="a", title="A", clients=12, senders=3, window=4, seconds=0.1, data="memory")
PACE = Room(name="a", title="A", clients=12, senders=3, rate=200, seconds=0.2, data="memory")
PAIRS = Pairs(name="a", title="A", pairs=5, window=3, seconds=0.1)
CONFIRMED = Room(
    name="a", title="A", clients=4, senders=2, window=50, seconds=0.1, until="confirmed"
)

FAULTY = f"""
import json, sys
sys.path.insert(0, {str(HERE)!r})
import python_loop

class Faulty(python_loop.Server):
    count = 0
    def _write(self, client, data):
        if data.startswith(b'{{"type": "KIND"'):
            self.count += 1
            if self.count == 30:
                data = data * TIMES
        super()._write(client, data)

Faulty(PORT).run()
"""


@pytest.fixture(scope="module")
def crew() -> Iterator[Crew]:
    with Crew(3) as crew:
        yield crew


@pytest.mark.parametrize("recipe", OURS, ids=lambda recipe: recipe.name)
@pytest.mark.parametrize("scenario", [WINDOW, PACE, PAIRS, CONFIRMED], ids=lambda each: each.title)
def test_figures_are_plausible(crew: Crew, recipe: Recipe, scenario: Room | Pairs) -> None:
    figures = talk.measure(scenario, recipe, crew).figures
    recipients = 1 if isinstance(scenario, Pairs) else scenario.clients - 1
    assert figures["messages_per_s"] > 20
    assert figures["deliveries_per_s"] == pytest.approx(recipients * figures["messages_per_s"])
    assert 0 < figures["p50_ms"] <= figures["p99_ms"] <= figures["max_ms"] < 20_000
    assert figures["cpu_us"] >= 0
    assert figures["load_cores"] > 0
    assert figures["rss_mib"] > 0.5


def test_a_pace_is_kept(crew: Crew) -> None:
    figures = talk.measure(PACE, Floor(), crew).figures
    assert 50 < figures["messages_per_s"] <= 210


def faulty(kind: str, times: int) -> Recipe:
    return Script(FAULTY.replace("KIND", kind).replace("TIMES", str(times)), "json")


@pytest.mark.parametrize(
    ("kind", "times", "what"),
    [
        ("broadcast", 0, r"got \d+ of \d+ messages"),
        ("broadcast", 2, r"got \d+ of \d+ messages"),
        ("confirmation", 0, r"got \d+ of \d+ confirmations"),
        ("confirmation", 2, r"got \d+ of \d+ confirmations"),
    ],
)
def test_what_is_lost_or_doubled_is_a_failure(
    crew: Crew, kind: str, times: int, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(talking, "SILENCE", 0.2)
    with pytest.raises(LoadFailed, match=what):
        talk.measure(PACE, faulty(kind, times), crew)
    crew.restart()


def test_one_that_goes_away_is_a_failure(crew: Crew) -> None:
    leaves = FAULTY.replace("data = data * TIMES", "sys.exit('that is enough')")
    with pytest.raises(LoadFailed, match="that is enough"):
        talk.measure(PACE, Script(leaves.replace("KIND", "broadcast"), "json"), crew)
    crew.restart()


def test_the_last_of_all_recipients_makes_the_latency() -> None:
    here, there = {1000: (2, 5000), 3000: (3, 9000)}, {1000: (1, 4000), 2000: (1, 2500)}
    assert last_arrivals([here, there], 3) == {1000: 4e-6, 3000: 6e-6}


@pytest.mark.parametrize(
    ("server", "load", "busiest", "is_bottleneck"),
    [(1.0, 0.95, 0.95, False), (0.3, 0.95, 0.95, True), (0.3, 0.5, 0.3, False)],
)
def test_it_says_when_the_load_generator_was_the_bottleneck(
    server: float,
    load: float,
    busiest: float,
    is_bottleneck: bool,  # noqa: FBT001
) -> None:
    outcome = Outcome(10, 100, 1.0, server, load, busiest, {})
    note = talk.note(outcome, Window(1), 1)
    assert ("bottleneck" in note) is is_bottleneck
    assert talk.note(outcome, Pace(20), 1) == ""
