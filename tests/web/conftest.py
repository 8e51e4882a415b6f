from collections.abc import Iterator

import pytest

from tests.conversation import Running, running


@pytest.fixture
def server() -> Iterator[Running]:
    """A server in this process that keeps its data in memory."""
    with running() as server:
        yield server


@pytest.fixture(scope="module")
def one_for_all() -> Iterator[Running]:
    """A server for all tests of a module, which leave nothing in it that the others mind."""
    with running() as server:
        yield server
