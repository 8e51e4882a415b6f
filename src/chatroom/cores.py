"""Where the server's threads run, and for how long at a time.

With a global interpreter lock one thread at a time runs Python. To hand the lock to a thread on
another core takes an interrupt there, some ten microseconds; on the same core it is a switch.
"""

import contextlib
import os
import sys
from pathlib import Path

_STAT = Path("/proc/self/stat")
_PROCESSOR = 39 - 3  # where it stands in /proc/self/stat, counted behind the name (proc(5))

_INTERVAL = sys.getswitchinterval()
_INTERVAL_PER_THREAD = 100e-6
"""How much longer a thread keeps the lock for each that may wait for it, in seconds. A waiting one
asks for it after every interval, which takes up to 20 microseconds: a fifth of the core."""

_elsewhere: set[int] = set()  # where threads may run that are not gathered; empty for as they are


def gather() -> None:
    """Keep the calling thread, and all that it starts from now on, on the core it is on.

    They also run until they wait for something, rather than give way to each thread that has just
    been woken up (SCHED_BATCH, sched(7)): so more has gathered when the next one looks. Together
    this takes a direct message from 80 to 40 microseconds of processor time, see decision 14.

    Nothing is done where there is no such lock, nor where the system does not let us. To be called
    by the main thread, before there are others.
    """
    if sys.platform != "linux" or not _has_gil():
        return
    with contextlib.suppress(OSError):
        everywhere = os.sched_getaffinity(0)
        fields = _STAT.read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
        core = {int(fields[_PROCESSOR])}
        os.sched_setaffinity(0, core)
        _elsewhere.update(everywhere - core or everywhere)
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))


def spread() -> None:
    """Let the calling thread run on the other cores, if there are any, for work without such lock.

    Those that are gathered would wait for the end of its turn, whatever its priority: to check 500
    passwords on their core too made of 0.6 ms for a message 9.
    """
    if sys.platform == "linux" and _elsewhere:
        with contextlib.suppress(OSError):
            os.sched_setaffinity(0, _elsewhere)


def others() -> int:
    """Return how many cores there are for threads that are spread. From any thread."""
    return len(_elsewhere) or os.cpu_count() or 1


def take_turns(threads: int) -> None:
    """Let the thread that runs keep the lock the longer, the more others there are.

    With the interval that Python has, a crowd that hangs up all at once takes the whole core for
    asking for the lock: ten thousand kept everybody waiting for up to half a minute. It lasts as
    long as the process. From any thread.

    Args:
        threads: how many may want to run at the same time; up to 50 change nothing.
    """
    sys.setswitchinterval(max(_INTERVAL, threads * _INTERVAL_PER_THREAD))


def _has_gil() -> bool:
    """Say whether this build of Python has the lock, and has it switched on."""
    is_enabled = getattr(sys, "_is_gil_enabled", None)  # since Python 3.13
    return is_enabled is None or bool(is_enabled())
