"""The moments at which the power may go, and what the disk may hold then."""

import hashlib
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.powerloss.disk import (
    Disk,
    Files,
    Loss,
    all_lost,
    any_ones,
    first_ones,
    nothing_lost,
    torn,
)
from tests.powerloss.recording import Sent, Step, Synced


class Cut(NamedTuple):
    """A moment, and what the files may hold then."""

    steps: int
    """How many of the steps were taken."""
    files: Files


def cuts(disk: Disk, steps: Sequence[Step], seed: int, samples: int) -> Iterator[Cut]:
    """Yield what may be found after the power went, with `disk` as it is before the first step.

    The moments are those in front of and behind every sync, behind everything that was told, and
    `samples` others. The shared memory of SQLite, which nobody reads after a restart, is left out,
    and so is what was yielded before and nothing was told meanwhile.

    Args:
        disk: is left as it is after the last step.
        steps: what a process did.
        seed: of what is random in it.
        samples: how many moments there are beside those at a sync.
    """
    rng = random.Random(seed)  # noqa: S311  # the same each time
    others = set(rng.sample(range(len(steps)), min(samples, len(steps))))
    seen: set[bytes] = set()
    for taken, step in enumerate(steps):
        losses: list[Loss] = []
        if isinstance(step, Synced):
            losses += [first_ones(rng), any_ones(rng), torn(rng)]
        if taken in others:
            losses += [rng.choice((first_ones, any_ones, torn))(rng), nothing_lost()]
        for loss in losses:
            yield from _new(Cut(taken, disk.after(loss)), seen)
        disk.take(step)
        if isinstance(step, Sent):
            seen.clear()
        if isinstance(step, Sent | Synced) or taken + 1 == len(steps):
            yield from _new(Cut(taken + 1, disk.after(all_lost())), seen)


def _new(cut: Cut, seen: set[bytes]) -> Iterator[Cut]:
    """Yield `cut` without the shared memory, unless it was seen."""
    files = {path: data for path, data in cut.files.items() if not path.endswith("-shm")}
    digest = hashlib.sha256()
    for path, data in sorted(files.items()):
        digest.update(f"{path}\0{len(data)}\0".encode() + data)
    if digest.digest() not in seen:
        seen.add(digest.digest())
        yield cut._replace(files=files)


def put(files: Files, folder: Path) -> None:
    """Make `folder` hold `files` and nothing else."""
    folder.mkdir()
    for path, data in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
