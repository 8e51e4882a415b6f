"""The power goes, or the process is killed, while data are kept, restored or brought up to date."""

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from chatroom.log.base import ROOM, Entry
from chatroom.log.sqlite import SqliteStore
from chatroom.log.verifying import verify
from tests.log.filling import make_version_1
from tests.log.stores import add, everything, say
from tests.powerloss.cuts import cuts, put
from tests.powerloss.disk import Disk
from tests.powerloss.recording import Recorder, Step

DATA, BACKUP = "data/chat.db", "backups/chat.db"

KEPT = "data/chat.db.before-restore-"

MANY = 20
"""How many states of the disk there are at least; with fewer, something was not recorded."""


class Scene(NamedTuple):
    """A folder with data and backups, and what is done to it."""

    folder: Path
    recorder: Recorder
    found: Path


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    """An empty folder."""
    for name in ("scratch", "watched", "watched/data", "watched/backups"):
        (tmp_path / name).mkdir()
    watched = tmp_path / "watched"
    return Scene(watched, Recorder(tmp_path / "scratch", watched), tmp_path / "found")


def talk(path: Path, *said: str) -> list[Entry]:
    """Say something in the store at `path`; return all that was said there."""
    with contextlib.closing(SqliteStore(path)) as store:
        if not store.accounts():
            add(store, "alice")
        for text in said:
            say(store, text * 500)
        return everything(store)


def killed(path: Path) -> None:
    """Let the newest commits of the store at `path` stand in its write-ahead log alone."""
    alive = path.with_name("alive.db")
    path.rename(alive)
    with contextlib.closing(SqliteStore(alive)) as store:
        say(store, "at last")
        for end in ("", "-wal"):
            shutil.copyfile(f"{alive}{end}", f"{path}{end}")
    alive.unlink()


def entries(path: Path) -> list[Entry]:
    """Return all that the store at `path` says, which has to be sound."""
    with contextlib.closing(SqliteStore(path)) as store:
        found = everything(store)
        assert store.head(ROOM) == len(found)
    assert verify(path).faults == []
    return found


def every_cut(scene: Scene, disk: Disk, steps: list[Step]) -> Iterator[Path]:
    """Yield a folder with what may be found, for every step after which the power may go."""
    for cut in cuts(disk, steps, seed=2, samples=len(steps)):
        put(cut.files, scene.found)
        yield scene.found
        shutil.rmtree(scene.found)


@pytest.mark.parametrize("how", ["stopped", "killed"])
def test_the_old_data_or_the_new_are_there_and_complete(scene: Scene, how: str) -> None:
    """Whatever the server left, and with the old ones kept if the new are there."""
    data, backup = scene.folder / DATA, scene.folder / BACKUP
    new = talk(backup, "one", "two")
    shutil.copyfile(backup, data)
    talk(data, "three", "four", "five")
    if how == "killed":
        killed(data)
    disk = Disk(scene.folder)
    old = entries_of_a_copy(data)
    scene.recorder.run("chatroom.cli.main", "restore", backup, "--data", data)
    seen = []
    for found in every_cut(scene, disk, scene.recorder.steps()):
        says = entries(found / DATA)
        assert says in (old, new)
        seen.append(says)
        assert entries(found / BACKUP) == new
        if says == new:
            (kept,) = {path for path in found.glob(f"{KEPT}*") if path.name.endswith("Z")}
            assert entries(kept) == old
    assert (seen[0], seen[-1]) == (old, new)
    assert len(seen) > MANY


def entries_of_a_copy(path: Path) -> list[Entry]:
    """Return what the store says that the files at `path` make, and leave these alone."""
    copy = path.parent.parent / "copy.db"
    for file in path.parent.glob(f"{path.name}*"):
        shutil.copyfile(file, f"{copy}{file.name.removeprefix(path.name)}")
    found = entries(copy)
    copy.unlink()
    return found


@pytest.mark.parametrize("older", [True, False])
def test_a_backup_is_there_and_complete_or_not_at_all(scene: Scene, *, older: bool) -> None:
    """An older one is there until the new one is."""
    data, backup = scene.folder / DATA, scene.folder / BACKUP
    said = talk(data, "one", "two")
    before: list[Entry] | None = None
    if older:
        shutil.copyfile(data, backup)
        before = said
        said = talk(data, "three")
    disk = Disk(scene.folder)
    scene.recorder.run("chatroom.cli.main", "backup", backup, "--data", data)
    seen = []
    for found in every_cut(scene, disk, scene.recorder.steps()):
        says = entries(found / BACKUP) if (found / BACKUP).exists() else None
        assert says in (before, said)
        seen.append(says)
        assert entries(found / DATA) == said
    assert (seen[0], seen[-1]) == (before, said)
    assert len(seen) > MANY


def test_the_data_of_the_first_version_are_there_and_complete(scene: Scene) -> None:
    """However far the way to the newest version was gone."""
    data = scene.folder / DATA
    make_version_1(data, ["one", "two", "three"])
    disk = Disk(scene.folder)
    scene.recorder.run("chatroom.cli.main", "users", "list", "--data", data)
    seen = [
        [entry.text for entry in entries(found / DATA)]
        for found in every_cut(scene, disk, scene.recorder.steps())
    ]
    assert seen == [["one", "two", "three"]] * len(seen)
    assert len(seen) > MANY
