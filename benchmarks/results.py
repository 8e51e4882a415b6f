"""What was measured, as it is kept in JSON."""

import statistics
from pathlib import Path
from typing import Self

import msgspec
from msgspec import Struct

from benchmarks.machine import Machine


class Round(Struct, frozen=True, omit_defaults=True):
    """One round of a scenario with one server."""

    figures: dict[str, float] = {}
    note: str = ""
    """What is to be known of the figures."""
    failure: str = ""
    """Why there are no figures."""


class Row(Struct, frozen=True, omit_defaults=True):
    """All rounds of a scenario with one server."""

    server: str
    title: str
    rounds: tuple[Round, ...] = ()
    left_out: str = ""
    """Why there are none."""

    @property
    def failure(self) -> str:
        """Why the server failed; one round that failed is enough."""
        return next((each.failure for each in self.rounds if each.failure), "")

    @property
    def notes(self) -> list[str]:
        """What is to be known of some round."""
        return [each.note for each in self.rounds if each.note]

    @property
    def medians(self) -> dict[str, float]:
        """The median of each figure over the rounds; empty if the server failed."""
        if self.failure or not self.rounds:
            return {}
        names = self.rounds[0].figures
        return {
            name: statistics.median(each.figures[name] for each in self.rounds)
            for name in names
            if all(name in each.figures for each in self.rounds)
        }


class Result(Struct, frozen=True):
    """A scenario and what came of it."""

    name: str
    title: str
    date: str
    rows: tuple[Row, ...]

    @classmethod
    def of_figures(cls, name: str, title: str, server: str, figures: dict[str, float]) -> Self:
        """Return the result of one server whose figures are known otherwise."""
        return cls(name, title, "", (Row(server, server, (Round(figures),)),))

    def figure(self, server: str, name: str) -> float | None:
        """Return a server's median, None where there is none."""
        for row in self.rows:
            if row.server == server:
                return row.medians.get(name)
        return None


class Results(Struct, frozen=True):
    """What came of all scenarios, by their names."""

    machine: Machine
    versions: dict[str, str]
    """Of each server that was found."""
    scenarios: dict[str, Result] = {}
    scale: float = 1.0
    """How much smaller than their titles say the scenarios were."""

    def merged(self, newer: "Results") -> "Results":
        """Return these with what a later run on the same kind of machine adds or replaces."""
        return Results(
            newer.machine, self.versions | newer.versions, self.scenarios | newer.scenarios
        )

    def write(self, path: Path) -> None:
        """Keep them in a file."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(msgspec.json.format(msgspec.json.encode(self), indent=1) + b"\n")


def read_results(path: Path) -> Results:
    """Return what was kept in a file.

    Raises:
        OSError: the file cannot be read.
        msgspec.ValidationError: it is something else.
    """
    return msgspec.json.decode(path.read_bytes(), type=Results)
