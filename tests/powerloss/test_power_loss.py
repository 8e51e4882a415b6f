"""The power goes: every message that was confirmed is there, whatever the disk had not written yet.

A kill -9 loses nothing that the system was given; a power failure does. So a process is recorded,
call by call, and the files are made anew as a disk may hold them that lost its power at some
moment.
"""

import contextlib
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from chatroom.log.base import ROOM, Account, Draft, Entry, Store, StoreError
from chatroom.log.memory import MemoryStore
from chatroom.log.sqlite import SqliteStore
from chatroom.log.verifying import verify
from tests.powerloss.committing import BatchClock, batches
from tests.powerloss.cuts import cuts, put
from tests.powerloss.disk import Disk, nothing_lost
from tests.powerloss.recording import Recorder, Sent, Step

DATA = "data/chat.db"
"""The database, below the folder that is watched."""


class Content(NamedTuple):
    """What a store holds."""

    entries: list[list[Entry]]
    accounts: list[Account]


def content(store: Store) -> Content:
    """Return what `store` holds."""
    accounts = store.accounts()
    logs = (ROOM, *(account.inbox for account in accounts))
    return Content([store.read(log, 0, 1_000_000) for log in logs], accounts)


def contents() -> list[Content]:
    """Return what a store holds after so many batches, as the engine in memory has it."""
    clock = BatchClock()
    store = MemoryStore(clock=clock)
    found = [content(store)]
    for clock.batch, batch in enumerate(batches()):
        store.commit(batch)
        found.append(content(store))
    return found


class Recording(NamedTuple):
    """What a process did."""

    before: Disk
    steps: list[Step]
    folder: Path


def record(tmp_path: Path, *, careless: bool = False) -> Recording:
    """Let a process commit half of the batches and die, and another one the rest."""
    scratch, folder = tmp_path / "scratch", tmp_path / "watched"
    scratch.mkdir()
    folder.mkdir()
    recorder = Recorder(scratch, folder)
    before = Disk(folder)
    count = len(batches())
    for part in ((0, count // 2), (count // 2, count)):
        words = [*map(str, part), *(["careless"] if careless else [])]
        recorder.run("tests.powerloss.committing", folder / DATA, *words)
    return Recording(before, recorder.steps(), folder)


def told(steps: Sequence[Step], word: bytes) -> int:
    """Return how often a process said `word`."""
    return sum(step.data == word for step in steps if isinstance(step, Sent))


def faults(recording: Recording, folder: Path, samples: int) -> list[str]:
    """Return what is wrong after the power went, over all that the disk may hold then."""
    expected = contents()
    found = []
    for cut in cuts(recording.before, recording.steps, seed=1, samples=samples):
        put(cut.files, folder)
        past = recording.steps[: cut.steps]
        confirmed, begun = told(past, b"confirmed\n"), told(past, b"begun\n")
        fault = _fault(folder / DATA, expected[confirmed : begun + 1])
        if fault:
            found.append(f"after {cut.steps} steps, {confirmed} confirmed: {fault}")
        shutil.rmtree(folder)
    return found


def _fault(path: Path, allowed: Sequence[Content]) -> str:
    """Return what is wrong with a database that is to hold one of `allowed`; "" if nothing is."""
    path.parent.mkdir(exist_ok=True)
    clock = BatchClock()
    try:
        with contextlib.closing(SqliteStore(path, clock)) as store:
            if content(store) not in allowed:
                return "it holds something else"
            if store.accounts():
                store.commit([Draft(ROOM, 1, "after")])  # it can be gone on with
        return "".join(verify(path).faults)
    except StoreError as error:
        return str(error)


def test_the_record_is_complete(tmp_path: Path) -> None:
    """What was recorded, done again, gives the files that the process left."""
    disk, steps, folder = record(tmp_path)
    for step in steps:
        disk.take(step)
    there = {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}
    assert DATA in there
    assert disk.after(nothing_lost()) == {name: path.read_bytes() for name, path in there.items()}


def test_what_was_confirmed_survives_a_power_failure(tmp_path: Path) -> None:
    recording = record(tmp_path)
    assert told(recording.steps, b"confirmed\n") == len(batches())
    assert faults(recording, tmp_path / "found", samples=40) == []


def test_the_loss_would_be_found_if_the_disk_were_not_waited_for(tmp_path: Path) -> None:
    """The same, with the one setting wrong that makes a commit wait for the disk."""
    recording = record(tmp_path, careless=True)
    assert faults(recording, tmp_path / "found", samples=0) != []
