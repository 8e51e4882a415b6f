"""Tables have a row for each server, and say what went wrong."""

from benchmarks.report import tables
from benchmarks.results import Result, Round, Row
from benchmarks.scenarios import Plan, read_plan
from tests.benchmarks.made_up import PEERS, result, results

PLAN = read_plan()
TALK = {"deliveries_per_s": 1e6, "cpu_us": 0.5, "p50_ms": 1.0, "p99_ms": 2.0, "max_ms": 3.0}
FAN_OUT = result("fan-out", "Fan-out", {"chatroom": TALK, "inspircd": TALK, "floor": TALK})


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_a_scenario_has_a_row_for_each_server() -> None:
    lines = tables.scenario(FAN_OUT).splitlines()
    assert cells(lines[0])[:3] == ["server", "deliveries/s", "CPU per delivery, µs"]
    assert [cells(line)[0] for line in lines[2:]] == ["chatroom", "InspIRCd", "floor (C)"]
    assert cells(lines[2])[1:] == ["1,000,000", "0.500", "1.00", "2.00", "3.00"]
    assert len({line.count("|") for line in lines}) == 1


def test_what_went_wrong_stands_below() -> None:
    broken = Result(
        "fan-out",
        "Fan-out",
        "",
        (
            Row("chatroom", "chatroom", (Round(TALK), Round(TALK, note="it was slow"))),
            Row("ngircd", "ngIRCd", (Round(TALK), Round(failure="c1 got 2 of 3 messages."))),
            Row("miniircd", "miniircd", left_out="it holds no more than 1,000 clients"),
        ),
    )
    text = tables.scenario(broken)
    assert "- chatroom: in 1 of 2 rounds it was slow" in text
    assert "- ngIRCd: failed: c1 got 2 of 3 messages." in text
    assert "- miniircd: left out, as it holds no more than 1,000 clients" in text
    assert "| ngIRCd" not in text


def test_every_goal_has_a_row_whether_it_was_measured_or_not() -> None:
    lines = tables.goals(PLAN, results(FAN_OUT), PEERS).splitlines()
    count = sum(len(each.goals) for each in (*PLAN.scenarios, *PLAN.sweeps))
    assert len(lines) == 2 + count
    assert cells(lines[2])[3] == "yes"
    assert {cells(line)[3] for line in lines[3:]} == {"?", "yes"}


def test_a_goal_that_is_not_met_stands_out() -> None:
    slow = result("fan-out", "Fan-out", {"chatroom": TALK | {"cpu_us": 9.0}, "inspircd": TALK})
    assert "| **no** |" in tables.goals(PLAN, results(slow), PEERS)


def test_a_sweep_has_a_row_for_each_value() -> None:
    sweep = PLAN.sweeps[0]
    those = [
        result(point.name, point.title, {"chatroom": {"cpu_us": 1.0, "cpu_per_message_us": value}})
        for point, value in zip(sweep.points(), sweep.values, strict=True)
    ]
    text = tables.sweeps(PLAN, results(*those))
    assert f"### {sweep.title}" in text
    assert len([line for line in text.splitlines() if line.endswith("| 1.00 |")]) == len(those)
    line = next(
        line
        for line in tables.goals(PLAN, results(*those), PEERS).splitlines()
        if sweep.title in line
    )
    assert cells(line)[2:] == ["1.00", "yes"]


def test_ratios_are_of_our_figures_to_theirs() -> None:
    ours = result(
        "a", "A", {"chatroom": TALK, "floor": TALK | {"cpu_us": 0.1, "deliveries_per_s": 4e6}}
    )
    lines = tables.ratios(results(ours), ["floor"]).splitlines()
    assert cells(lines[2]) == ["A", "0.500 µs", "5.00", "1,000,000/s", "0.250"]
    failed = Result("a", "A", "", (Row("chatroom", "chatroom", (Round(failure="no"),)),))
    lines = tables.ratios(results(failed), ["floor"]).splitlines()
    assert cells(lines[2]) == ["A", "failed", "", "failed", ""]


def test_nothing_measured_gives_nothing() -> None:
    assert tables.scenarios(PLAN, results()) == ""
    assert tables.sweeps(PLAN, results()) == ""
    assert tables.goals(Plan(scenarios=()), results(), PEERS).count("\n") == 2
