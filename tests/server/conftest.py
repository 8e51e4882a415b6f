from collections.abc import Iterator

import pytest

from tests.conversation import Running, running


@pytest.fixture
def server() -> Iterator[Running]:
    """A server in this process that keeps its data in memory."""
    with running() as server:
        yield server
