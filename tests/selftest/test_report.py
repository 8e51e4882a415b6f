"""What a person is told of a self-test."""

from pathlib import Path

from chatroom.selftest.findings import Findings, Kind, tag
from chatroom.selftest.outcome import Outcome, Progress, Turmoil
from chatroom.selftest.plan import Settings
from chatroom.selftest.report import command, describe, report

SETTINGS = Settings(seconds=60, kills=20, clients=5, seed=4711)
FOLDER = Path("/somewhere/chatroom-selftest-x")


def told(outcome: Outcome) -> str:
    """Returns the whole report."""
    return "\n".join(report(SETTINGS, outcome, FOLDER))


def test_the_progress_is_one_line() -> None:
    progress = Progress("breaking things", 0.5, 1, 2, 1300, 4000, 80000)
    assert describe(progress) == (
        "breaking things: server killed 1 time, clients 2 times, 1,300 connections cut,"
        " 4,000 messages confirmed"
    )


def test_the_command_line_does_the_same_again() -> None:
    assert command(SETTINGS) == ("chatroom selftest --minutes 1 --kills 20 --clients 5 --seed 4711")
    for minutes in (0.1, 0.7, 20.0, 1 / 3):
        settings = Settings(minutes * 60, 1, 2, 3)
        assert float(command(settings).split()[3]) * 60 == settings.seconds


def test_a_sound_outcome() -> None:
    findings = Findings()
    findings.confirmed, findings.direct, findings.refused = 4210, 959, 229
    findings.recognised, findings.deliveries, findings.replayed = 130, 62819, 15791
    findings.longest_away = 0.91
    turmoil = Turmoil(20, 0.278, 10, 1033, 159, 24, 540)
    assert (
        told(Outcome(turmoil, findings))
        == """\
  server killed         20 times, back after 0.3 s at most
  clients killed        10 times
  connections           1,033: 159 cut, 24 stalled
  resumed               540 times, after 0.9 s at most
  confirmed             4,210 messages, 959 of them direct
  refused               229 direct messages to somebody who was away
  sent again            130 messages, each stored once
  delivered             62,819 messages, 15,791 of them later
  lost                  0
  doubled               0
  out of order          0
  in the wrong place    0
  unknown               0

Every confirmed message reached everybody once and in order.
The same again: chatroom selftest --minutes 1 --kills 20 --clients 5 --seed 4711"""
    )


def test_faults_are_counted_and_the_first_described() -> None:
    findings = Findings()
    for number in range(39):
        findings.fault(Kind.LOST, f"x-{number} is in no log.")
    findings.fault(Kind.OUT_OF_ORDER, "y is before z.")
    text = told(Outcome(Turmoil(), findings))
    assert "  lost                  39\n" in text
    assert "Lost, such as the first 5:\n  x-0 is in no log.\n  x-1 is" in text
    assert "x-5" not in text
    assert "Out of order:\n  y is before z.\n" in text
    assert "Doubled" not in text
    assert "reached everybody" not in text
    assert text.endswith(
        f"All that was written down is in {FOLDER}.\nThe same again: {command(SETTINGS)}"
    )


def test_what_did_not_come_to_rest_is_named() -> None:
    findings = Findings()
    findings.restless += [f"client{number:02} did not come to rest." for number in range(14)]
    outcome = Outcome(Turmoil(troubles=["The server ended by itself."]), findings)
    assert not outcome.sound
    text = told(outcome)
    assert "The server ended by itself.\nclient00 did not come to rest.\n" in text
    assert "client09 did not come to rest.\n4 more had not come to rest.\n" in text


def test_a_message_is_called_by_its_first_word() -> None:
    assert tag("client00-1-5 {[\n") == "client00-1-5"
    assert tag(" \n") == r"' \n'"
    assert tag("x" * 100) == "x" * 40
