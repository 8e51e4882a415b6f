"""Each server that is installed is found, starts, and lets a client in."""

from pathlib import Path

import pytest

from benchmarks.load import orders
from benchmarks.load.crew import Crew
from benchmarks.servers.catalogue import RECIPES
from benchmarks.servers.irc import Ergo
from benchmarks.servers.recipe import Place, Recipe, first_line, printed
from benchmarks.servers.running import running

FOUND = {name: each for name, each in RECIPES.items() if not each.peer or each.version()}
"""Our own servers, and those peers that are installed; none has to be."""


@pytest.mark.parametrize("recipe", FOUND.values(), ids=FOUND)
def test_clients_come_in_and_the_version_is_known(recipe: Recipe) -> None:
    assert recipe.version()
    with running(recipe) as server, Crew(1) as crew:
        enter = orders.Enter(server.port, recipe.language, range(3), 2, 20.0)
        crew.ask({0: enter}, orders.Entered, 20)


def test_all_names_are_different_and_all_peers_can_be_had() -> None:
    assert [recipe.name for recipe in RECIPES.values()] == list(RECIPES)
    assert len({recipe.title for recipe in RECIPES.values()}) == len(RECIPES)
    assert all(recipe.obtain for recipe in RECIPES.values() if recipe.peer)


def test_another_program_of_the_same_name_is_not_taken_for_a_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chemistry = tmp_path / "ergo"
    chemistry.write_text("#!/bin/sh\necho 'ErgoSCF, a quantum chemistry program'\n")
    chemistry.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert Ergo().version() is None


def test_chatroom_keeps_its_log_where_the_scenario_wants_it(tmp_path: Path) -> None:
    chatroom = RECIPES["chatroom"]
    assert ":memory:" in chatroom.prepare(Place(tmp_path, 1, in_memory=True)).command
    assert str(tmp_path / "chatroom.db") in chatroom.prepare(Place(tmp_path, 1)).command


def test_programs_that_say_nothing_say_nothing() -> None:
    assert printed(["/nowhere/at-all"]) == ""
    assert first_line(["true"]) == ""
    assert first_line(["printf", "one\\ntwo\\n"]) == "one"
