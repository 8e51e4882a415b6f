"""Rooms and pairs: how many deliveries, at what cost, and how late."""

import os

from benchmarks.load.crew import Crew, deal
from benchmarks.load.languages import LANGUAGES
from benchmarks.load.orders import Pace, Window
from benchmarks.load.samples import percentile
from benchmarks.measure.measured import Measured
from benchmarks.measure.talking import Hall, Outcome, room_shares
from benchmarks.scenarios import Pairs, Room
from benchmarks.servers.recipe import Recipe
from benchmarks.servers.running import running

WARM_UP = 0.2
"""How long is talked before anything is measured, as a part of the measured time."""

BUSY = 0.9
"""From this part of the cores that it has on, somebody has no more to give."""


def measure(scenario: Room | Pairs, recipe: Recipe, crew: Crew) -> Measured:
    """Let clients talk and return the figures.

    Raises:
        NotStarted: the server did not start.
        LoadFailed: not every message came to everyone it was for, once.
    """
    how: Window | Pace
    if isinstance(scenario, Pairs):
        clients = 2 * scenario.pairs
        shares, senders = deal(clients, crew.size), range(clients)
        how = Window(scenario.window, partners=True)
    else:
        shares = room_shares(crew, scenario.clients, scenario.senders)
        senders = range(1, 1 + scenario.senders)
        how = _how(scenario, LANGUAGES[recipe.language].confirms)
    in_memory, partners = scenario.data == "memory", isinstance(scenario, Pairs)
    with (
        running(recipe, in_memory=in_memory, partners=partners) as server,
        Hall(crew, server, recipe, shares) as hall,
    ):
        hall.fill()
        hall.settle()
        hall.talk(senders, how, scenario.seconds * WARM_UP, scenario.text_bytes)
        outcome = hall.talk(senders, how, scenario.seconds, scenario.text_bytes)
        memory = server.memory()
    figures = figures_of(outcome) | {"rss_mib": memory.rss / 1024}
    if memory.pss is not None:
        figures["pss_mib"] = memory.pss / 1024
    return Measured(figures, note(outcome, how, crew.size))


def _how(scenario: Room, confirms: bool) -> Window | Pace:  # noqa: FBT001
    if scenario.rate is not None:
        return Pace(scenario.rate)
    assert scenario.window is not None
    until_confirmed = scenario.until == "confirmed" and confirms
    return Window(scenario.window, until_confirmed=until_confirmed)


def figures_of(outcome: Outcome) -> dict[str, float]:
    """Return the figures of a conversation."""
    milliseconds = [1000 * each for each in outcome.latencies.values()]
    figures = {
        "deliveries_per_s": outcome.deliveries / outcome.seconds,
        "messages_per_s": outcome.messages / outcome.seconds,
        "cpu_us": 1e6 * outcome.cpu_seconds / outcome.deliveries,
        "cpu_per_message_us": 1e6 * outcome.cpu_seconds / outcome.messages,
        "server_cores": outcome.cpu_seconds / outcome.seconds,
        "load_cores": outcome.load_seconds / outcome.seconds,
    }
    if milliseconds:
        figures["p50_ms"] = percentile(milliseconds, 0.5)
        figures["p99_ms"] = percentile(milliseconds, 0.99)
        figures["max_ms"] = max(milliseconds)
    return figures


def note(outcome: Outcome, how: Window | Pace, processes: int) -> str:
    """Say it if the load generator, and not the server, was what took all the time."""
    if isinstance(how, Pace):
        return ""
    cores = max(1, min(processes, (os.cpu_count() or 1) - 1))
    server = outcome.cpu_seconds / outcome.seconds
    load = outcome.load_seconds / outcome.seconds
    busiest = outcome.busiest_seconds / outcome.seconds
    if server < BUSY and (busiest >= BUSY or load >= BUSY * cores):
        return f"the load generator was the bottleneck (server {server:.0%}, load {load:.0%})"
    return ""
