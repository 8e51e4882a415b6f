"""Goals are met, or not, or it cannot be said."""

import pytest

from benchmarks.goals import judge, straightness
from benchmarks.results import Result, Round, Row
from benchmarks.scenarios import Goal, Room, Sweep
from tests.benchmarks.made_up import PEERS, result

BUSY = result(
    "busy",
    "Busy",
    {
        "chatroom": {"cpu_us": 2.0, "deliveries_per_s": 300.0},
        "ngircd": {"cpu_us": 4.0, "deliveries_per_s": 200.0},
        "inspircd": {"cpu_us": 2.5, "deliveries_per_s": 100.0},
        "floor": {"cpu_us": 0.1, "deliveries_per_s": 9000.0},
    },
)


@pytest.mark.parametrize(
    ("goal", "met"),
    [
        (Goal(figure="cpu_us", at_most=2.0), True),
        (Goal(figure="cpu_us", at_most=1.9), False),
        (Goal(figure="deliveries_per_s", at_least=300), True),
        (Goal(figure="deliveries_per_s", at_least=301), False),
        (Goal(figure="cpu_us", at_most=0.5, times="ngircd"), True),
        (Goal(figure="cpu_us", at_most=0.49, times="ngircd"), False),
        (Goal(figure="cpu_us", at_most=0.8, times="best peer"), True),
        (Goal(figure="cpu_us", at_most=0.79, times="best peer"), False),
        (Goal(figure="deliveries_per_s", at_least=1.5, times="best peer"), True),
        (Goal(figure="deliveries_per_s", at_least=1.6, times="best peer"), False),
        (Goal(figure="cpu_us", at_most=20, times="floor"), True),
    ],
)
def test_a_goal_is_met_up_to_its_bound(goal: Goal, met: bool) -> None:  # noqa: FBT001
    assert judge(goal, BUSY, PEERS).met is met


def test_what_is_reached_is_said_as_a_ratio_and_as_figures() -> None:
    verdict = judge(Goal(figure="cpu_us", at_most=0.8, times="best peer"), BUSY, PEERS)
    assert verdict.goal == "CPU per delivery at most 0.800 \N{MULTIPLICATION SIGN} best peer"
    expected = "0.800 \N{MULTIPLICATION SIGN} InspIRCd (2.00 µs to 2.50 µs)"
    assert verdict.reached == expected
    plain = judge(Goal(figure="deliveries_per_s", at_least=100_000), BUSY, PEERS)
    assert (plain.goal, plain.reached) == ("deliveries at least 100,000/s", "300/s")


def test_an_aim_is_judged_beside_the_goal() -> None:
    goal = Goal(figure="cpu_us", at_most=0.9, times="inspircd", aim=0.7)
    verdict = judge(goal, BUSY, PEERS)
    assert (verdict.met, verdict.aim_met) == (True, False)
    assert "(aim: 0.700)" in verdict.goal


@pytest.mark.parametrize(
    ("goal", "measured", "why"),
    [
        (Goal(figure="cpu_us", at_most=1), None, "not measured"),
        (Goal(figure="login_s", at_most=1), BUSY, "not measured"),
        (Goal(figure="cpu_us", at_most=1, times="miniircd"), BUSY, "nothing to compare with"),
        (
            Goal(figure="cpu_us", at_most=1),
            Result("busy", "Busy", "", (Row("chatroom", "", (Round(failure="c1 got 0."),)),)),
            "failed: c1 got 0.",
        ),
    ],
)
def test_what_cannot_be_said_is_not_said(goal: Goal, measured: Result | None, why: str) -> None:
    verdict = judge(goal, measured, PEERS)
    assert verdict.met is None
    assert verdict.reached == why


ROOM = Room(name="-", title="-", clients=10, senders=1, window=1)
SWEEP = Sweep(name="by", title="By", over="clients", values=(10, 20, 40), room=ROOM)


def costs(*values: float) -> dict[str, Result]:
    return {
        point.name: result(point.name, "", {"chatroom": {"cpu_per_message_us": value}})
        for point, value in zip(SWEEP.points(), values, strict=False)
    }


def test_a_straight_line_is_straight_and_a_bend_is_not() -> None:
    straight = straightness(SWEEP, costs(15, 25, 45), "chatroom")
    assert straight == pytest.approx(1)
    bent = straightness(SWEEP, costs(100, 10, 80), "chatroom")
    assert bent is not None
    assert bent < 0.5


def test_a_line_with_a_hole_is_none() -> None:
    assert straightness(SWEEP, costs(15, 25), "chatroom") is None
    assert straightness(SWEEP, costs(15, 25, 45), "ngircd") is None


def test_a_goal_calls_servers_as_the_tables_do() -> None:
    goal = Goal(figure="cpu_us", at_most=1.25, times="floor")
    assert judge(goal, BUSY, PEERS).goal.endswith("1.25 \N{MULTIPLICATION SIGN} floor (C)")
    assert judge(goal, None, PEERS).goal.endswith("1.25 \N{MULTIPLICATION SIGN} floor")
