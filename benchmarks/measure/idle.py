"""Many clients that come in and then do nothing: what that takes."""

import time

from benchmarks.load.crew import Crew, deal
from benchmarks.measure.measured import Measured
from benchmarks.measure.talking import Hall
from benchmarks.scenarios import Idle
from benchmarks.servers.recipe import Recipe
from benchmarks.servers.running import running
from chatroom.config import Limits

SIGN_OF_LIFE_SECONDS = Limits().ping_seconds
"""How long after its last word a client of chatroom is asked for a sign of life. All are asked
within as much time as they took to come in, and nobody for as long after that."""


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
        started = time.monotonic()
        login_seconds = hall.fill()
        hall.settle()
        asked = server.cpu_seconds()
        first = started + SIGN_OF_LIFE_SECONDS
        if time.monotonic() + scenario.seconds > first:  # let all be asked before
            time.sleep(max(0.0, first + login_seconds + 1.0 - time.monotonic()))
        before = server.cpu_seconds()
        time.sleep(scenario.seconds)  # nothing is to happen, so there is nothing to wait for
        used = server.cpu_seconds() - before
        full = server.memory()
    figures = {
        "kib_per_connection": (full.rss - empty.rss) / scenario.clients,
        "idle_cpu_s": used,
        "heartbeat_cpu_s": before - asked,
        "login_s": login_seconds,
        "rss_mib": full.rss / 1024,
    }
    if full.pss is not None and empty.pss is not None:
        figures["pss_kib_per_connection"] = (full.pss - empty.pss) / scenario.clients
    return Measured(figures)
