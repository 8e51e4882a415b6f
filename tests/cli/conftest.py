from collections.abc import Iterator

import pytest

from tests.serving import Server


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A server that keeps everything in memory; each test takes names of its own."""
    with Server() as server:
        yield server
