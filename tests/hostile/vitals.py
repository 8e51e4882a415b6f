"""What a server takes of the machine, from `/proc`."""

import os
import time
from pathlib import Path
from typing import NamedTuple

DEADLINE = 60.0
"""Seconds within which a server has let go of those who went."""

MIB = 1024 * 1024


class Vitals(NamedTuple):
    """What a process has at one moment."""

    threads: int
    sockets: int
    resident: int
    """Memory in bytes."""
    peak: int
    """The most memory that it ever had, in bytes."""


def vitals(pid: int) -> Vitals:
    """Returns what the process has."""
    fields = dict(
        line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines()
    )
    resident, peak = (int(fields[name].split()[0]) * 1024 for name in ("VmRSS", "VmHWM"))
    return Vitals(int(fields["Threads"]), _sockets(pid), resident, peak)


def _sockets(pid: int) -> int:
    count = 0
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        try:
            count += str(descriptor.readlink()).startswith("socket:")
        except FileNotFoundError:  # it was closed meanwhile
            continue
    return count


def crowded(pid: int, sockets: int) -> Vitals:
    """Waits until the process has taken in so many connections."""
    deadline = time.monotonic() + DEADLINE
    while (now := vitals(pid)).sockets < sockets:
        assert time.monotonic() < deadline, f"{sockets} should be there, and it is {now}"
        time.sleep(0.05)
    return now


def forget_peak(pid: int) -> None:
    """Lets the most memory that the process ever had be what it has now."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def settled(pid: int, before: Vitals) -> Vitals:
    """Waits until all connections that are more than `before` are gone, with their threads.

    The system says nothing when a process closes a socket, so it is asked time and again. The
    threads that hash passwords, one for each core, may have come meanwhile, and stay.
    """
    deadline = time.monotonic() + DEADLINE
    threads = before.threads + (os.cpu_count() or 1)
    while (now := vitals(pid)).sockets > before.sockets or now.threads > threads:
        assert time.monotonic() < deadline, f"it was {before}, and is {now}"
        time.sleep(0.05)
    return now
