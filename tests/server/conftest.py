from collections.abc import Iterator

import pytest

from tests.conversation import Client, Running, running
from tests.websocket import WebSocketClient


@pytest.fixture
def server() -> Iterator[Running]:
    """A server in this process that keeps its data in memory."""
    with running() as server:
        yield server


@pytest.fixture(params=[Client, WebSocketClient], ids=["JSON lines", "WebSocket"])
def either(request: pytest.FixtureRequest) -> Iterator[Running]:
    """The same, whose clients all speak one of its faces."""
    with running() as server:
        server.speaks = request.param
        yield server
