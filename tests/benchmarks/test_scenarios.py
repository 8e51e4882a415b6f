"""The scenarios can be run, and have the goals that they are to have."""

from pathlib import Path

import msgspec
import pytest

from benchmarks.figures import FIGURES
from benchmarks.scenarios import Goal, Idle, Pairs, Resume, Room, Start, read_plan
from benchmarks.servers.catalogue import RECIPES

PLAN = read_plan()
SCENARIOS = {each.name: each for each in PLAN.scenarios}


def test_every_server_and_figure_exists() -> None:
    rooms = [sweep.room for sweep in PLAN.sweeps]
    for scenario in (*PLAN.scenarios, *rooms):
        assert set(scenario.servers) <= RECIPES.keys(), scenario.name
        assert "chatroom" in scenario.servers
    for goal in (goal for each in (*PLAN.scenarios, *PLAN.sweeps) for goal in each.goals):
        assert goal.figure in FIGURES
        assert goal.times is None or goal.times in {*RECIPES, "best peer"}


def test_whoever_a_goal_names_is_measured() -> None:
    for scenario in PLAN.scenarios:
        for goal in scenario.goals:
            assert goal.of in scenario.servers, scenario.name
            assert goal.times in {None, "best peer", *scenario.servers}, scenario.name


@pytest.mark.parametrize(
    ("name", "goals"),
    [
        (
            "fan-out",
            {("cpu_us", 1.2, "chatroom"), ("cpu_us", 1.0, "inspircd"), ("cpu_us", 1.25, "floor")},
        ),
        ("busy-1000", {("cpu_us", 1.2, "chatroom"), ("cpu_us", 0.8, "best peer")}),
        ("busy-200", {("cpu_us", 1.2, "chatroom"), ("cpu_us", 0.8, "best peer")}),
        ("flooded", {("deliveries_per_s", 2.0, "best peer")}),
        ("direct-8", {("cpu_us", 1.5, "inspircd")}),
        ("direct-8-memory", {("cpu_us", 1.1, "inspircd")}),
        ("direct-1", {("cpu_us", 3.0, "inspircd")}),
        ("steady", {("p99_ms", 1.5, "ngircd")}),
        ("confirmed", {("messages_per_s", 100_000, None)}),
        ("idle", {("kib_per_connection", 26, None), ("idle_cpu_s", 0, None), ("login_s", 6, None)}),
        ("resume", {("caught_up_s", 10, None), ("live_p99_ratio", 3, None)}),
        ("start", {("start_ms", 400, None)}),
        ("library", {("messages_per_s", 150_000, None)}),
    ],
)
def test_the_goals_are_those_that_were_set(
    name: str, goals: set[tuple[str, float, str | None]]
) -> None:
    found = {
        (goal.figure, goal.at_least if goal.at_most is None else goal.at_most, goal.times)
        for goal in SCENARIOS[name].goals
    }
    assert found == goals


def test_the_sizes_are_those_that_the_goals_speak_of() -> None:
    fan_out, steady, direct = SCENARIOS["fan-out"], SCENARIOS["steady"], SCENARIOS["direct-8"]
    assert isinstance(fan_out, Room)
    assert (fan_out.clients, fan_out.senders, fan_out.window) == (1000, 1, 1)
    assert isinstance(steady, Room)
    assert (steady.clients, steady.rate) == (1000, 20)
    assert isinstance(direct, Pairs)
    assert (direct.pairs, direct.window, direct.data) == (50, 8, "file")
    idle, resume, start = SCENARIOS["idle"], SCENARIOS["resume"], SCENARIOS["start"]
    assert isinstance(idle, Idle)
    assert (idle.clients, idle.seconds) == (10_000, 10)
    assert isinstance(resume, Resume)
    assert (resume.returning, resume.missed) == (1000, 1000)
    assert isinstance(start, Start)
    assert start.messages == 1_000_000


def test_sweeps_go_from_end_to_end() -> None:
    ends = {sweep.over: (sweep.values[0], sweep.values[-1]) for sweep in PLAN.sweeps}
    assert ends == {"clients": (10, 5000), "text_bytes": (10, 8192)}
    for sweep in PLAN.sweeps:
        points = list(sweep.points())
        assert [getattr(point, sweep.over) for point in points] == list(sweep.values)
        assert len({point.name for point in points}) == len(points)


@pytest.mark.parametrize("scenario", PLAN.scenarios, ids=lambda each: each.name)
def test_a_scenario_can_be_made_small(scenario: Room) -> None:
    small = scenario.scaled(0.001)
    assert type(small) is type(scenario)
    assert small.seconds <= scenario.seconds
    assert small.name == scenario.name


def test_quick_ones_are_of_each_shape() -> None:
    quick = [each for each in PLAN.scenarios if each.quick]
    assert {type(each) for each in quick} == {Room, Pairs}
    assert len(quick) >= 4


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('kind = "room"\nclients = 5\nsenders = 1', "window or a rate"),
        ('kind = "room"\nclients = 5\nsenders = 1\nwindow = 1\nrate = 2', "window or a rate"),
        ('kind = "room"\nclients = 5\nsenders = 4\nwindow = 1', "only listen"),
        ('kind = "idle"\nclients = 0', ">= 1"),
        ('kind = "idle"\nclients = 1\ngoal = 2', "unknown field"),
        ('kind = "idle"\nclients = 1\ngoals = [{ figure = "login_s" }]', "at_most or at_least"),
        ('kind = "party"', "kind"),
    ],
)
def test_what_cannot_be_is_refused(text: str, why: str, tmp_path: Path) -> None:
    file = tmp_path / "scenarios.toml"
    file.write_text(f'[[scenarios]]\nname = "a"\ntitle = "A"\n{text}\n', encoding="utf-8")
    with pytest.raises(msgspec.ValidationError, match=why):
        read_plan(file)


def test_a_name_stands_for_one_scenario(tmp_path: Path) -> None:
    file = tmp_path / "scenarios.toml"
    one = '[[scenarios]]\nname = "a"\ntitle = "A"\nkind = "idle"\nclients = 1\n'
    file.write_text(one + one, encoding="utf-8")
    with pytest.raises(msgspec.ValidationError, match="two scenarios called a"):
        read_plan(file)


def test_a_goal_has_one_bound() -> None:
    with pytest.raises(ValueError, match="either"):
        Goal(figure="cpu_us", at_most=1, at_least=1)
