"""The model of a disk, by itself: it loses what may be lost, and keeps what was synced."""

import random
from pathlib import Path

import pytest

from tests.powerloss.disk import (
    SECTOR,
    Disk,
    Loss,
    all_lost,
    any_ones,
    first_ones,
    nothing_lost,
    sectors,
    torn,
)
from tests.powerloss.recording import (
    Linked,
    Made,
    Removed,
    Renamed,
    Sent,
    Step,
    Synced,
    Truncated,
    Written,
)

FILE = 1
"""The inode of a file that is made."""


class Tried:
    """A disk with one folder that holds `old`, and steps to take on it."""

    def __init__(self, tmp_path: Path) -> None:
        self.folder = tmp_path
        self.folder_inode = tmp_path.stat().st_ino
        (tmp_path / "old").write_bytes(b"before")
        self.old_inode = (tmp_path / "old").stat().st_ino
        self.disk = Disk(tmp_path)

    def path(self, name: str) -> str:
        """Return where something of this name is."""
        return str(self.folder / name)

    def take(self, *steps: Step) -> None:
        """Take some steps."""
        for step in steps:
            self.disk.take(step)


@pytest.fixture
def tried(tmp_path: Path) -> Tried:
    """A disk."""
    return Tried(tmp_path.resolve())


def chance(seed: int) -> random.Random:
    """Return what decides, the same way for the same seed."""
    return random.Random(seed)  # noqa: S311  # no secret


def test_what_was_there_is_there(tried: Tried) -> None:
    assert tried.disk.after(all_lost()) == {"old": b"before"}


def test_a_write_is_sure_when_its_file_was_synced(tried: Tried) -> None:
    tried.take(Written(tried.old_inode, 3, b"lost"))
    assert tried.disk.after(all_lost()) == {"old": b"before"}
    assert tried.disk.after(nothing_lost()) == {"old": b"beflost"}
    tried.take(Synced(tried.old_inode), Written(tried.old_inode, 0, b"not"))
    assert tried.disk.after(all_lost()) == {"old": b"beflost"}


def test_a_length_is_sure_when_its_file_was_synced(tried: Tried) -> None:
    tried.take(Truncated(tried.old_inode, 2))
    assert tried.disk.after(all_lost()) == {"old": b"before"}
    tried.take(Synced(tried.old_inode), Truncated(tried.old_inode, 4))
    assert tried.disk.after(all_lost()) == {"old": b"be"}
    assert tried.disk.after(nothing_lost()) == {"old": b"be\0\0"}


def test_a_name_is_sure_when_its_folder_was_synced(tried: Tried) -> None:
    """Syncing the file is not enough."""
    tried.take(Made(FILE, tried.path("new"), folder=False), Written(FILE, 0, b"x"), Synced(FILE))
    assert tried.disk.after(all_lost()) == {"old": b"before"}
    tried.take(Synced(tried.folder_inode), Removed(tried.path("old")))
    assert tried.disk.after(all_lost()) == {"old": b"before", "new": b"x"}
    assert tried.disk.after(nothing_lost()) == {"new": b"x"}


def test_a_file_is_out_of_reach_without_its_folder(tried: Tried) -> None:
    inner = 2
    tried.take(Made(inner, tried.path("inner"), folder=True))
    tried.take(Made(FILE, tried.path("inner/new"), folder=False), Synced(FILE), Synced(inner))
    assert tried.disk.after(all_lost()) == {"old": b"before"}
    tried.take(Synced(tried.folder_inode))
    assert tried.disk.after(all_lost()) == {"old": b"before", "inner/new": b""}


def test_a_file_that_is_renamed_brings_what_was_synced_of_it(tried: Tried) -> None:
    """The classic mistake: the name is on the disk before the data."""
    tried.take(Made(FILE, tried.path("new"), folder=False), Written(FILE, 0, b"after"))
    tried.take(Renamed(tried.path("new"), tried.path("old")))
    assert tried.disk.after(all_lost()) == {"old": b"before"}
    assert tried.disk.after(nothing_lost()) == {"old": b"after"}
    assert tried.disk.after(Loss(lambda _: (), lambda names: names)) == {"old": b""}


def test_a_later_name_may_be_there_without_an_earlier_one(tried: Tried) -> None:
    tried.take(Made(1, tried.path("one"), folder=False), Made(2, tried.path("two"), folder=False))
    found = {tuple(tried.disk.after(any_ones(chance(seed)))) for seed in range(50)}
    assert found == {("old",), ("old", "one"), ("old", "two"), ("old", "one", "two")}


def test_two_names_are_one_file(tried: Tried) -> None:
    tried.take(Linked(tried.path("old"), tried.path("kept")), Synced(tried.folder_inode))
    tried.take(Written(tried.old_inode, 0, b"B"))
    for seed in range(20):
        found = tried.disk.after(first_ones(chance(seed)))
        assert found["old"] == found["kept"]


def test_an_inode_that_is_used_again_is_another_file(tried: Tried) -> None:
    tried.take(Made(FILE, tried.path("new"), folder=False), Written(FILE, 0, b"first"))
    tried.take(Removed(tried.path("new")), Made(FILE, tried.path("new"), folder=False))
    assert tried.disk.after(nothing_lost())["new"] == b""


def test_what_was_sent_changes_nothing(tried: Tried) -> None:
    tried.take(Sent(5, b"hello"))
    assert tried.disk.after(nothing_lost()) == {"old": b"before"}


def found_over_many(tried: Tried, loss: object) -> set[bytes]:
    """Return what `old` may hold, over many seeds."""
    assert callable(loss)
    return {tried.disk.after(loss(chance(seed)))["old"] for seed in range(200)}


def test_the_first_writes_may_be_there_and_the_later_ones_not(tried: Tried) -> None:
    tried.take(Written(tried.old_inode, 0, b"1"), Written(tried.old_inode, 1, b"2"))
    assert found_over_many(tried, first_ones) == {b"before", b"1efore", b"12fore"}


def test_a_later_write_may_be_there_without_an_earlier_one(tried: Tried) -> None:
    tried.take(Written(tried.old_inode, 0, b"1"), Written(tried.old_inode, 1, b"2"))
    assert found_over_many(tried, any_ones) == {b"before", b"1efore", b"b2fore", b"12fore"}


def test_a_write_may_be_torn_between_its_sectors(tried: Tried) -> None:
    """Or its length is there, and not what was written."""
    first, second = b"1" * (SECTOR - 2), b"22"
    tried.take(Written(tried.old_inode, 2, first + second))
    zeros = bytes(SECTOR + 2 - len("before"))
    holes = bytes(SECTOR - len("before"))
    assert found_over_many(tried, torn) == {
        b"before",
        b"before" + zeros,
        b"be" + first,
        b"be" + first + b"\0\0",
        b"before" + holes + second,
        b"be" + first + second,
    }


@pytest.mark.parametrize("loss", [first_ones, any_ones, torn])
def test_what_was_synced_is_never_lost(tried: Tried, loss: object) -> None:
    tried.take(Written(tried.old_inode, 0, b"B"), Synced(tried.old_inode))
    assert found_over_many(tried, loss) == {b"Before"}


def test_sectors_end_where_those_of_the_disk_do() -> None:
    parts = sectors(Written(FILE, 500, bytes(600)))
    assert [(part.offset, len(part.data)) for part in parts] == [(500, 12), (512, 512), (1024, 76)]
    assert sectors(Written(FILE, 1024, bytes(512))) == [Written(FILE, 1024, bytes(512))]
    assert [len(part.data) for part in sectors(Written(FILE, 3, b"ab"))] == [2]
