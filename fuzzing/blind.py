"""The engine that puts through whatever the mutator makes, as fast as it goes, in this process."""

import resource
import signal
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from fuzzing.found import keep
from fuzzing.mutator import Mutator
from fuzzing.report import Report
from fuzzing.target import Target
from fuzzing.targets import load

HANG_SECONDS = 10.0
"""After so long an input counts as one that hangs."""

LEAK_KIB = 64 * 1024
"""By so much the memory may grow, behind the first tenth of a run."""

MOST_FOUND = 10
"""After so many different faults a run ends: somebody has to look at them first."""

_HANG = "timeout"
_FOLDER = Path(__file__).parents[1]


class Hang(BaseException):
    """An input takes too long. No `except Exception` of the program is to catch it."""


def run(name: str, inputs: int, seed: int, folder: Path, corpus: Path | None = None) -> Report:
    """Put inputs through a target.

    Args:
        name: the target.
        inputs: how many.
        seed: decides which.
        folder: where those go that find a fault.
        corpus: more to begin with, as the guided engine has left it.
    """
    target = load(name)
    seeds = [*target.seeds]
    if corpus is not None and corpus.exists():
        seeds += [path.read_bytes() for path in sorted(corpus.iterdir())]
    mutator = Mutator(seeds, target.tokens, target.longest, seed)
    found: dict[str, Path] = {}
    done, early, start = 0, 0, time.monotonic()
    with _alarm():
        for done in range(1, inputs + 1):
            data = mutator.next()
            fault = _put(target, data)
            if fault is not None and fault not in found:
                found[fault] = keep(name, fault.partition(" ")[0], data, folder)
                if len(found) == MOST_FOUND:
                    break
            if done == inputs // 10:
                early = _memory_kib()
    grown = _memory_kib() - early if early else 0
    complaint = "the memory grows" if grown > LEAK_KIB else ""
    files = tuple(map(str, found.values()))
    return Report(name, "blind", done, time.monotonic() - start, grown, files, complaint=complaint)


def _put(target: Target, data: bytes) -> str | None:
    """Put one input through; return what kind of fault it found and where, None for none.

    One that takes too long is put through once more: on a busy machine it may only have waited for
    its turn.
    """
    fault = _try(target, data)
    return _try(target, data) if fault == _HANG else fault


def _try(target: Target, data: bytes) -> str | None:
    signal.setitimer(signal.ITIMER_REAL, HANG_SECONDS)
    try:
        target.run(data)
    except Hang:
        return _HANG
    except Exception as error:  # noqa: BLE001 - whatever it is, it is a find
        return f"crash {type(error).__name__} {_where(error)}"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return None


def _where(error: BaseException) -> str:
    """Return where a fault lies, so that two inputs that find the same count once."""
    cause = error.__cause__ or error
    frames = traceback.extract_tb(cause.__traceback__)
    ours = [frame for frame in frames if Path(frame.filename).is_relative_to(_FOLDER)]
    return " ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in ours[-2:])


@contextmanager
def _alarm() -> Iterator[None]:
    def hang(_: int, __: FrameType | None) -> None:
        raise Hang

    before = signal.signal(signal.SIGALRM, hang)
    try:
        yield
    finally:
        signal.signal(signal.SIGALRM, before)


def _memory_kib() -> int:
    """Return the memory that the process has now, in KiB.

    Not the most that it ever had: what grows below an earlier peak, as of another target, would not
    show in that.
    """
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() // 1024
