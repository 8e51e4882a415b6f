import threading
from collections.abc import Iterator

import pytest

from chatroom.client.listener import THREAD_NAME
from tests.client.peer import Peer


@pytest.fixture
def peer() -> Iterator[Peer]:
    """A scripted server; afterwards no thread of a client may be left."""
    with Peer() as peer:
        yield peer
    assert THREAD_NAME not in {thread.name for thread in threading.enumerate()}
