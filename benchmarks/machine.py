"""What machine this is, and what may be asked of it."""

import datetime as dt
import os
import platform
import resource
from pathlib import Path

from msgspec import Struct


class Machine(Struct, frozen=True):
    """What results were measured on."""

    processor: str
    cores: int
    memory_gib: float
    kernel: str
    python: str
    date: str
    """When it was looked at."""


def this_machine() -> Machine:
    """Return what machine this is, today."""
    names = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        if line.startswith("model name")
    ]
    pages, page = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    return Machine(
        processor=names[0] if names else platform.machine(),
        cores=os.cpu_count() or 1,
        memory_gib=round(pages * page / 2**30, 1),
        kernel=f"{platform.system()} {platform.release()}",
        python=platform.python_version(),
        date=dt.datetime.now(tz=dt.UTC).date().isoformat(),
    )


def raise_open_files() -> int:
    """Let this process and its children open as many files as they may at all; return how many."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return most
