"""How much of each attack there is.

With CHATROOM_HOSTILE_SCALE=1 it is as much as the tests say of themselves, which takes an
hour. Otherwise so small a part of it that the suite stays quick.
"""

import os

SCALE = float(os.environ.get("CHATROOM_HOSTILE_SCALE", "0.005"))
"""Which part of the full number of everything."""

FULL = SCALE >= 1
"""Whether there is enough of everything for figures that mean something."""

TIMEOUT = 120 + 2400 * SCALE
"""Seconds that one test may take."""


def scaled(number: int, least: int = 1) -> int:
    """Returns what is `number` in full, and never less than `least`."""
    return max(least, round(number * SCALE))
