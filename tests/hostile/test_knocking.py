"""Whoever opens and closes connections leaves nothing behind."""

from tests.hostile.attack import attack
from tests.hostile.conftest import Note, Stage
from tests.hostile.scale import SCALE
from tests.hostile.vitals import MIB

SECONDS = max(3.0, 30 * SCALE)

GROWTH = 64 * MIB
"""How much more memory it may take at any time, as some thousands are not gone yet."""

KEPT = 24 * MIB
"""How much it may still have then: what the system's allocator does not give back."""


def test_a_client_that_opens_and_closes_for_30_seconds(stage: Stage, note: Note) -> None:
    """It goes in all ways, and as fast as it can; others talk, and can come in."""
    scene = stage()
    first = scene.talk.count
    with attack("knocker", scene.server.port, seconds=SECONDS) as knocker:
        knocker.report()
        with scene.connect() as person:
            person.login("person")
            person.say("They are still here.")
        told = knocker.report()
    times = scene.talk.times(first)
    grown = scene.grown()
    after = scene.end()
    kept = after.resident - scene.before.resident
    note(
        f"{told['connections']} connections in {SECONDS:.0f} s; {times};"
        f" {grown / MIB:.0f} MiB more at most, {kept / MIB:.1f} MiB behind it;"
        f" threads {scene.before.threads} and {after.threads},"
        f" sockets {scene.before.sockets} and {after.sockets}"
    )
    assert told["connections"] > 100
    assert after.sockets == scene.before.sockets
    assert grown < GROWTH
    assert kept < KEPT
