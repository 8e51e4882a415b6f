"""The engines that the shared suite runs over."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from chatroom.log.base import Store
from chatroom.log.memory import MemoryStore
from chatroom.log.sqlite import SqliteStore
from tests.clock import Clock


@pytest.fixture
def clock() -> Clock:
    """The clock of `store`."""
    return Clock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a database can be made."""
    return tmp_path / "chat.db"


@pytest.fixture
def sqlite(path: Path, clock: Clock) -> Iterator[SqliteStore]:
    """A new store in a file."""
    with_file = SqliteStore(path, clock)
    yield with_file
    with_file.close()


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, clock: Clock) -> Store:
    """A new store of each engine in turn."""
    if request.param == "memory":
        return MemoryStore(clock=clock)
    found = request.getfixturevalue("sqlite")
    assert isinstance(found, Store)
    return found
