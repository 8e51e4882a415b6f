"""Results that nobody measured, for tests of what is made of results."""

from collections.abc import Mapping

from benchmarks.machine import Machine
from benchmarks.results import Result, Results, Round, Row

MACHINE = Machine("Abacus 3000", 2, 24.0, "Linux 6.1", "3.11.7", "2026-11-24")
TITLES = {"chatroom": "chatroom", "ngircd": "ngIRCd", "inspircd": "InspIRCd", "floor": "floor (C)"}
PEERS = ["ngircd", "inspircd"]


def result(name: str, title: str, figures: Mapping[str, Mapping[str, float]]) -> Result:
    """Returns a result of one round, from the figures of each server by its name."""
    rows = [Row(server, TITLES[server], (Round(dict(own)),)) for server, own in figures.items()]
    return Result(name, title, "2026-11-24", tuple(rows))


def results(*those: Result) -> Results:
    """Returns results of a machine that nobody has."""
    versions = {"chatroom": "0.1.0", "ngIRCd": "26.1"}
    return Results(MACHINE, versions, {each.name: each for each in those})
