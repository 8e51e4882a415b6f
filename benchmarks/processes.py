"""What a server's processes use, from `/proc`."""

import os
from pathlib import Path
from typing import NamedTuple

_PROC = Path("/proc")
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE_KIB = os.sysconf("SC_PAGE_SIZE") // 1024


class Memory(NamedTuple):
    """Memory of a process and its descendants, in KiB."""

    rss: int
    """Pages in memory, shared ones counted in each process."""
    pss: int | None
    """The same with each shared page divided by those who share it; None where that is secret."""


def tree(pid: int) -> list[int]:
    """Return a process and all its descendants that run, the process first."""
    found = [pid]
    for parent in found:
        for task in _listed(_PROC / str(parent) / "task"):
            found += [int(child) for child in _read(task / "children").split()]
    return found


def cpu_seconds(pid: int) -> float:
    """Return the processor time that a process and its descendants have used, ended ones included.

    Those that run count with what they used, those that ended with what their parents waited for.
    The kernel tells it in ticks, which are 10 ms on most machines.
    """
    return sum(_ticks(each) for each in tree(pid)) / _TICKS


def memory(pid: int) -> Memory:
    """Return the memory of a process and its descendants."""
    rss = 0
    pss: int | None = 0
    for each in tree(pid):
        words = _read(_PROC / str(each) / "statm").split()
        rss += int(words[1]) * _PAGE_KIB if words else 0
        rollup = _read(_PROC / str(each) / "smaps_rollup")
        own = [line.split()[1] for line in rollup.splitlines() if line.startswith("Pss:")]
        pss = pss + int(own[0]) if own and pss is not None else None
    return Memory(rss, pss)


def _ticks(pid: int) -> int:
    """Return utime, stime, cutime and cstime of a process (proc_pid_stat(5)), 0 if it is gone."""
    fields = _read(_PROC / str(pid) / "stat").rpartition(") ")[2].split()
    return sum(int(field) for field in fields[11:15])


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:  # it has ended meanwhile
        return []


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:  # it has ended meanwhile, or belongs to somebody else
        return ""
