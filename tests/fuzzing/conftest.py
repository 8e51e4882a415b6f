"""What every test of the fuzzing needs."""

import threading
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def name_of_the_thread() -> Iterator[None]:
    """Give the thread of the tests its name back: a target that logs in there has changed it."""
    thread = threading.current_thread()
    name = thread.name
    yield
    thread.name = name
