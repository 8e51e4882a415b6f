"""How much room there is, and how much a commit may take."""

import contextlib
import random
import shutil
from pathlib import Path

import pytest

from chatroom.log import space
from chatroom.log.base import ROOM, AddAccount, Change, Draft, EndSession
from chatroom.log.sqlite import SqliteStore
from tests.log.stores import say


def test_the_free_space_is_that_of_the_system(path: Path) -> None:
    path.touch()
    assert 0 < space.free(path) <= shutil.disk_usage(path).total


def test_where_there_is_nothing_there_is_no_answer(path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        space.free(path)


@pytest.mark.parametrize(
    ("changes", "bytes_"),
    [
        ([], 0),
        ([AddAccount("bob", "hash"), EndSession(b"x")], 2 * 8192),
        ([Draft(ROOM, 1, "x" * 10_000)], 8192 + 10_000),
        ([Draft(ROOM, 1, "\u00e9" * 1000)], 8192 + 4000),
    ],
)
def test_a_commit_is_taken_for_larger_rather_than_smaller(
    changes: list[Change], bytes_: int
) -> None:
    assert space.taken(changes) == bytes_


@pytest.mark.parametrize("length", [1, 500, 5000, 50_000])
@pytest.mark.parametrize("count", [1, 30, 1000])
def test_no_commit_takes_more_than_that(path: Path, length: int, count: int) -> None:
    """Not even one whose ids lie all over a large index."""
    with contextlib.closing(SqliteStore(path)) as store:
        chance = random.Random(length * count)  # noqa: S311 - where pages split is not left to luck
        for _ in range(10):
            store.commit([_draft("x", chance) for _ in range(1000)])
        store._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        wal = path.with_name(path.name + "-wal")
        changes: list[Change] = [_draft("x" * length, chance) for _ in range(count)]
        store.commit(changes)
        assert 0 < wal.stat().st_size <= space.taken(changes) + 32_768
        say(store, "whoever says little takes little")


def _draft(text: str, chance: random.Random) -> Draft:
    return Draft(ROOM, 1, text, f"{chance.getrandbits(128):032x}")
