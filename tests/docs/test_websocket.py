"""`docs/protocol.md` says how the same is spoken through a WebSocket."""

import json

from tests.docs import markdown, talking
from tests.docs.markdown import PROTOCOL
from tests.docs.talking import Frame
from tests.docs.test_protocol import shape
from tests.serving import Server
from tests.websocket import WebSocketClient

TURNS = talking.read(markdown.blocks("conversation", document=PROTOCOL)[1].text)


class Page:
    """A client that speaks through a WebSocket.

    Args:
        port: where the server listens on this machine.
    """

    def __init__(self, port: int) -> None:
        self._client = WebSocketClient(("127.0.0.1", port))

    def send(self, frame: Frame) -> None:
        """Sends a frame as a message."""
        self._client.send_bytes(json.dumps(frame).encode())

    def receive(self) -> Frame:
        """Returns the next frame."""
        return self._client.read()

    def close(self) -> None:
        """Sees that the server closes the WebSocket as is written, and ends it."""
        assert self._client.remainder() == []
        assert self._client.closed == (1000, "exit")
        self._client.close()


def test_the_conversation_goes_as_it_is_written() -> None:
    with Server() as server:
        for written, held in zip(TURNS, talking.hold(TURNS, server.port, Page), strict=True):
            assert shape(written.frame, {}) == shape(held.frame, {})
