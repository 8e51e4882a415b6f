"""The conversations under `tests/wire`, held through a WebSocket."""

from collections.abc import Iterator

import pytest

from tests.conversation import Running
from tests.server.test_wire_cases import hold
from tests.websocket import WebSocketClient
from tests.wire_cases import FRAME_BYTES, WireCase, wire_cases


def _sayable() -> Iterator[WireCase]:
    """Yield the cases that a text message can hold: UTF-8, and not too much of it."""
    for case in wire_cases():
        try:
            case.data.decode()
        except UnicodeDecodeError:
            continue
        if len(case.data) <= FRAME_BYTES:
            yield case


@pytest.mark.parametrize("case", list(_sayable()), ids=lambda case: case.name)
def test_the_case_means_what_it_says(one_for_all: Running, case: WireCase) -> None:
    with WebSocketClient(one_for_all.address) as client:
        hold(client, case)
        assert client.closed is None or client.closed[0] in {1000, 1009}
