"""Sends a message that was confirmed long ago once more, under its id."""

import time

from chatroom.client.address import Address
from chatroom.client.errors import ChatroomError
from chatroom.client.handshake import Login, log_in
from chatroom.client.line import Line
from chatroom.client.wire import LineBroken
from chatroom.protocol.frames import encode

SECONDS = 2.0
"""How long the server has to answer. It may just be killed."""


def send_again(
    port: int, username: str, password: str, id: str, text: str, to: str | None
) -> dict[str, object] | None:
    """Sends it on a connection of its own, straight to the server.

    The library would not do it, as it has its answer. Another client, or an older one, may.

    Args:
        port: Where the server listens on this machine.
        username: Whose message it is.
        password: The password.
        id: The id under which it was sent.
        text: What was said.
        to: Whom it was for; None for everybody.

    Returns:
        The server's answer, None if there is none.
    """
    line = Line(Address("127.0.0.1", port))
    deadline = time.monotonic() + SECONDS
    command = {"command": "PM"} if to is None else {"command": "DM", "to": to}
    try:
        log_in(line, Login(username, password), deadline)
        frames = iter((encode(command | {"message": text, "id": id}), b""))
        while not line.pump(frames.__next__):
            if not line.wait_writable(deadline):
                return None
        return _answer(line, id, deadline)
    except (LineBroken, TimeoutError, ChatroomError):
        return None
    finally:
        line.close()


def _answer(line: Line, id: str, deadline: float) -> dict[str, object]:
    while True:
        for frame in line.read(deadline):
            if isinstance(frame, dict) and frame.get("id") == id:
                return frame
