"""Thousands who connect and do not log in keep nobody out."""

import time

import pytest

from tests.conversation import Client
from tests.hostile.attack import attack
from tests.hostile.conftest import REAL, Note, Stage
from tests.hostile.scale import scaled
from tests.hostile.vitals import MIB, crowded, forget_peak, settled
from tests.secure import SecureClient

FOR_EVER = {"limits_login_seconds": 0}
"""So that those who do not log in stay."""

PLAIN_BYTES, TLS_BYTES = 64 * 1024, 128 * 1024
"""The most memory that one connection may take; docs/operations.md says what it takes."""

SLACK = 16 * MIB
"""What the system's allocator may keep for itself, however often they come."""

LOGIN_SECONDS = 1.0
WORST = 3.0
"""Seconds that no message takes."""


@pytest.mark.parametrize("kind", [Client, SecureClient], ids=["plain", "TLS"])
def test_silent_and_dripping_crowds(kind: type[Client], stage: Stage, note: Note) -> None:
    """Beside 5,000 silent ones and 5,000 that send a byte a second, one logs in and talks."""
    scene = stage(**FOR_EVER, **REAL)
    people = scaled(5000, 500)
    silent = {"stalled": people} if kind is SecureClient else {"silent": people}
    with attack("crowd", scene.server.port, dripping=people, **silent) as crowd:
        arrived = crowd.report()
        crowded(scene.server.pid, scene.before.sockets + 2 * people)
        first = scene.talk.count
        begin = time.monotonic()
        with scene.connect(kind) as person:
            assert person.login("person")["new_user"]
            seconds = time.monotonic() - begin
            for number in range(scaled(1000, 50)):
                person.say(str(number))
            scene.talk.wait_for(first + scaled(2000, 50))
        there = scene.now()
        grown = scene.grown() / (2 * people)
        told = crowd.enough()
    gone = settled(scene.server.pid, scene.before)
    scene.talk.wait_for(scene.talk.count + 10)
    times = scene.talk.times(first)
    scene.end()
    note(
        f"{arrived['connections']} connections in {arrived['seconds']:.1f} s,"
        f" {told['bytes']} bytes dripped; login {seconds * 1000:.0f} ms; {times};"
        f" memory {scene.before.resident / MIB:.0f} MiB, at most {there.peak / MIB:.0f} MiB"
        f" ({grown / 1024:.0f} KiB each), {gone.resident / MIB:.0f} MiB behind it"
    )
    assert there.sockets >= scene.before.sockets + 2 * people, "some were not there any more"
    assert told["bytes"] > 0
    assert told["closed"] == 0
    assert seconds < LOGIN_SECONDS
    assert times.worst < WORST, "the talk stood still, perhaps while they all went at once"
    assert grown < (TLS_BYTES if kind is SecureClient else PLAIN_BYTES)


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "TLS"])
def test_one_crowd_after_the_other(stage: Stage, note: Note, *, tls: bool) -> None:
    """The next crowd takes no more memory than the one before it: nothing is kept of anybody."""
    scene = stage(**FOR_EVER)
    people = scaled(10_000, 500)
    peaks = []
    for _ in range(4):
        forget_peak(scene.server.pid)
        with attack(
            "crowd", scene.server.port, **{"stalled" if tls else "silent": people}
        ) as crowd:
            crowd.report()
            crowded(scene.server.pid, scene.before.sockets + people)
            crowd.enough()
        settled(scene.server.pid, scene.before)
        peaks.append(scene.now().peak)
    scene.end()
    note(f"{people} each time, memory at most {', '.join(f'{n / MIB:.0f}' for n in peaks)} MiB")
    most = people * (TLS_BYTES if tls else PLAIN_BYTES)
    assert max(peaks) < scene.before.resident + most + SLACK


def test_a_crowd_that_does_not_log_in_is_gone_in_time(stage: Stage, note: Note) -> None:
    """Whoever is silent, drips or stalls in the handshake is closed without doing anything."""
    scene = stage(limits_login_seconds=1)
    people = scaled(1000, 200)
    each = {"silent": people, "dripping": people, "stalled": people}
    with attack("crowd", scene.server.port, **each, wait=True) as crowd:
        crowd.report()
        closed = crowd.report()["closed"]
    scene.end()
    note(f"{closed:.0f} of {3 * people} were closed")
    assert closed == 3 * people
