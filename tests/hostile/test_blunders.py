"""Whatever is wrong can be sent as often as one likes."""

import pytest

from tests.hostile.attack import attack
from tests.hostile.conftest import Note, Stage
from tests.hostile.scale import scaled
from tests.hostile.vitals import MIB

TIMES = scaled(10_000, 20)

GROWTH = 40 * MIB
"""By how much the memory may grow, however often; the newest messages of all are kept."""


@pytest.mark.parametrize("way", ["plain", "TLS", "handshake"])
def test_each_bad_input_ten_thousand_times(way: str, stage: Stage, note: Note) -> None:
    """Each is answered as it should be, and those who talk meanwhile lose nothing.

    The last of the ways puts the first byte of a TLS handshake before it, for OpenSSL to refuse.
    """
    scene = stage()
    first = scene.talk.count
    options = {"tls": way == "TLS", "handshake": way == "handshake"}
    with attack("blunders", scene.server.port, times=TIMES, **options) as blunders:
        told = blunders.report()
    times = scene.talk.times(first)
    grown = scene.grown()
    after = scene.end()
    note(
        f"{told['cases']} cases, {told['sent']} sent, {told['errors']} errors were the answer,"
        f" in {told['seconds']:.0f} s; {times}; {grown / MIB:.1f} MiB more at most;"
        f" sockets {scene.before.sockets} and {after.sockets}"
    )
    assert told["errors"] >= told["sent"]
    assert after.sockets == scene.before.sockets
    assert grown < GROWTH
