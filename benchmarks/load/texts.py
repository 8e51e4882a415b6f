"""What the messages of the load generator say, so that counting them needs no parsing.

Three bytes that no server adds of itself are counted and looked for in whatever comes, wherever a
`recv` happens to cut it: one stands in every message, one in those whose latency is measured, and
one in the ids that a server repeats in its confirmations. In a WebSocket the length of a frame can
be one of them: that of a message with 80 bytes of text is not, and lists of users are not counted.
"""

import re

MARK = ord("|")
"""Stands once in every message."""

CONFIRMED = ord("`")
"""Stands once in every id."""

SAMPLED = ord("^")
"""Begins, in some messages, the time at which it was sent."""

SAMPLE = re.compile(rb"\^([0-9a-f]{16})")
"""The time in nanoseconds of the monotonic clock, which is one for all processes of a machine."""

SAMPLE_BYTES = 17

SENDER = re.compile(rb"\|(\d+);")
"""The number of the connection that sent a message."""


def plain(sender: int, size: int) -> bytes:
    """Return what a connection says, `size` bytes of it, or a few more where that is too short."""
    return b"|%d;" % sender + b"x" * (size - len(b"|%d;" % sender))


def sampled(sender: int, size: int, ns: int) -> bytes:
    """Return the same with the time at which it is sent."""
    start = b"|%d;^%016x" % (sender, ns)
    return start + b"x" * (size - len(start))
