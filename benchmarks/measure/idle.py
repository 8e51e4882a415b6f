"""Many clients that come in and then do nothing: what that takes."""

import time

from benchmarks.load.crew import Crew, deal
from benchmarks.measure.measured import Measured
from benchmarks.measure.talking import Hall
from benchmarks.scenarios import Idle
from benchmarks.servers.recipe import Recipe
from benchmarks.servers.running import running


def measure(scenario: Idle, recipe: Recipe, crew: Crew) -> Measured:
    """Bring everybody in, wait, and return the figures.

    Raises:
        NotStarted: the server did not start.
        LoadFailed: not everybody was let in in time.
    """
    with (
        running(recipe) as server,
        Hall(crew, server, recipe, deal(scenario.clients, crew.size)) as hall,
    ):
        empty = server.memory()
        login_seconds = hall.fill()
        hall.settle()
        before = server.cpu_seconds()
        time.sleep(scenario.seconds)  # nothing is to happen, so there is nothing to wait for
        used = server.cpu_seconds() - before
        full = server.memory()
    figures = {
        "kib_per_connection": (full.rss - empty.rss) / scenario.clients,
        "idle_cpu_s": used,
        "login_s": login_seconds,
        "rss_mib": full.rss / 1024,
    }
    if full.pss is not None and empty.pss is not None:
        figures["pss_kib_per_connection"] = (full.pss - empty.pss) / scenario.clients
    return Measured(figures)
