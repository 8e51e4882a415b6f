import sqlite3
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from chatroom.client.listener import THREAD_NAME
from tests.client.peer import Peer


@pytest.fixture
def peer() -> Iterator[Peer]:
    """A scripted server; afterwards no thread of a client may be left."""
    with Peer() as peer:
        yield peer
    assert THREAD_NAME not in {thread.name for thread in threading.enumerate()}


@pytest.fixture
def small_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets every database opened from now on grow to 48 KiB and no further."""
    connect = sqlite3.connect

    def connect_small(*args: Any, **options: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = connect(*args, **options)
        connection.execute("PRAGMA max_page_count = 12")
        return connection

    monkeypatch.setattr(sqlite3, "connect", connect_small)
