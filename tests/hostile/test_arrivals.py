"""Passwords are checked while others talk."""

from tests.hostile.attack import attack
from tests.hostile.conftest import REAL, Note, Stage
from tests.hostile.scale import FULL, scaled
from tests.hostile.vitals import MIB

RATIO = 3.0
"""How much longer 99 of 100 messages may take while passwords are checked."""

WORST = 0.5
"""Which part of the time that all logins take no message takes: none waits until they are done."""

GROWTH = 160 * MIB
"""19 MiB for each hash that is made at the same time, and the connections."""


def test_500_who_log_in_at_once(stage: Stage, note: Note) -> None:
    """The talk goes on beside 500 passwords, and 99 of 100 messages take 3 times as long at most.

    That is only measured with the full number: so few messages as are said beside a few logins say
    nothing about one in a hundred.
    """
    scene = stage(limits_login_seconds=300, **REAL)
    people = scaled(500, 50)
    with attack("arrivals", scene.server.port, people=people) as arrivals:
        arrivals.report()
        first = scene.talk.count
        scene.talk.wait_for(first + scaled(2000, 200))
        begin = scene.talk.count
        arrivals.go()
        told = arrivals.report()
        end = scene.talk.count
        grown = scene.grown()
        arrivals.enough()
    before, during = scene.talk.times(first, begin), scene.talk.times(begin, end)
    scene.end()
    note(
        f"{told['people']} logins in {told['first']:.2f} to {told['last']:.2f} s,"
        f" {told['refusals']} told to come again; before: {before}; meanwhile: {during};"
        f" ratio of p99 {during.p99 / before.p99:.1f}; {grown / MIB:.0f} MiB more"
    )
    assert told["people"] == people
    assert during.messages > 5, "nobody talked meanwhile"
    assert during.worst < WORST * told["last"]
    assert grown < GROWTH
    if FULL:
        assert during.p99 <= RATIO * before.p99
