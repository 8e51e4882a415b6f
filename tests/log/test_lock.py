"""One process at a time has a store."""

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatroom.log.base import StoreError
from chatroom.log.lock import StoreLock
from tests.log.stores import DEADLINE


@contextlib.contextmanager
def _another_process(path: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Yield a process that tries to hold `path`, and what it says about it; it ends with that."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.log.locking", path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    ) as child:
        assert child.stdout is not None
        yield child, child.stdout.readline().strip()


def test_a_second_process_is_refused(path: Path) -> None:
    lock = StoreLock(path)
    try:
        with _another_process(path) as (_, said):
            assert said == (
                f"{path} is in use by another chatroom; stop that one or choose another --data."
            )
    finally:
        lock.release()


def test_what_was_released_can_be_taken(path: Path) -> None:
    StoreLock(path).release()
    with _another_process(path) as (_, said):
        assert said == "held"


def test_the_death_of_a_process_releases_its_store(path: Path) -> None:
    with _another_process(path) as (child, said):
        assert said == "held"
        with pytest.raises(StoreError, match="in use by another chatroom"):
            StoreLock(path)
        child.kill()
        child.wait(DEADLINE)
        StoreLock(path).release()


def test_stores_side_by_side_do_not_disturb_each_other(path: Path) -> None:
    locks = [StoreLock(path), StoreLock(path.with_name("other.db"))]
    for lock in locks:
        lock.release()


def test_the_lock_leaves_the_database_alone_and_to_its_owner(path: Path) -> None:
    lock = StoreLock(path)
    lock.release()
    (file,) = path.parent.iterdir()
    assert file != path
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_place_where_nothing_can_be_made_is_refused(path: Path) -> None:
    missing = path / "chat.db"
    with pytest.raises(StoreError, match=rf"^{missing}\.lock cannot be made: .*\.$"):
        StoreLock(missing)
