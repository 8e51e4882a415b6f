"""Servers take turns, and one that fails is out."""

import pytest

from benchmarks import rounds
from benchmarks.load.crew import Crew
from benchmarks.load.station import LoadFailed
from benchmarks.measure.measured import Measured
from benchmarks.scenarios import AnyScenario, Room
from benchmarks.servers.catalogue import RECIPES
from benchmarks.servers.recipe import Recipe

ROOM = Room(
    name="a",
    title="A",
    clients=1500,
    senders=1,
    window=1,
    servers=("chatroom", "ngircd", "miniircd", "floor"),
)
FOUND = [RECIPES[name] for name in ("chatroom", "ngircd", "inspircd", "miniircd", "floor")]


class Resting(Crew):
    """A crew without processes."""

    def __init__(self) -> None:
        super().__init__(0)
        self.restarts = 0

    def restart(self) -> None:
        """Only counts."""
        self.restarts += 1


def test_servers_take_turns_and_each_begins_once(monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []

    def measure(_scenario: AnyScenario, recipe: Recipe, _crew: Crew) -> Measured:
        order.append(recipe.name)
        return Measured({"cpu_us": float(len(order))}, "a note")

    monkeypatch.setattr(rounds, "measure", measure)
    recipes = rounds.chosen(ROOM, FOUND)
    result = rounds.run(
        ROOM, recipes, Resting(), rounds=3, open_files=20_000, report=lambda _: None
    )
    assert order == [
        *("chatroom", "ngircd", "floor"),
        *("ngircd", "floor", "chatroom"),
        *("floor", "chatroom", "ngircd"),
    ]
    assert result.figure("chatroom", "cpu_us") == 6
    (left_out,) = [row for row in result.rows if row.left_out]
    assert (left_out.server, left_out.left_out) == (
        "miniircd",
        "it holds no more than 1,000 clients",
    )


def test_one_that_fails_gets_no_further_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []

    def measure(_scenario: AnyScenario, recipe: Recipe, _crew: Crew) -> Measured:
        order.append(recipe.name)
        if recipe.name == "floor":
            raise LoadFailed("c1 got 2 of 3 messages.")
        return Measured({"cpu_us": 1.0})

    monkeypatch.setattr(rounds, "measure", measure)
    crew, said = Resting(), list[str]()
    recipes = rounds.chosen(ROOM, FOUND, ["chatroom", "floor"])
    result = rounds.run(ROOM, recipes, crew, rounds=3, open_files=20_000, report=said.append)
    assert order == ["chatroom", "floor", "chatroom", "chatroom"]
    assert crew.restarts == 1
    assert {row.server: row.failure for row in result.rows} == {
        "chatroom": "",
        "floor": "c1 got 2 of 3 messages.",
    }
    assert "a: floor (C) failed: c1 got 2 of 3 messages." in said


def test_what_the_machine_does_not_allow_is_left_out() -> None:
    result = rounds.run(
        ROOM,
        rounds.chosen(ROOM, FOUND),
        Resting(),
        rounds=1,
        open_files=1024,
        report=lambda _: None,
    )
    assert all("1,024 files" in row.left_out for row in result.rows if row.server != "miniircd")
