"""A chat room: this is its client library, and all that other programs may import.

    import chatroom

    with chatroom.connect("127.0.0.1:12345", username="bob", password="…") as room:
        room.send("Hello, everyone!")
        for message in room:
            print(message.sender, message.text)

The server, the terminal and the command line are programs, not a library: `chatroom --help`.
"""

from chatroom.client.connect import account_exists, connect
from chatroom.client.errors import (
    ChatroomError,
    Closed,
    ConnectionLost,
    LoginRefused,
    NotInRoom,
    NotTrusted,
    PasswordRequired,
    ReaderTooSlow,
    Refused,
    RequestTimeout,
    StateUnusable,
    UnknownServer,
    Unreachable,
)
from chatroom.client.events import (
    Event,
    Gap,
    LineBack,
    LineGone,
    LineLost,
    Message,
    Receipt,
    UsersChanged,
)
from chatroom.client.room import Room
from chatroom.client.trust import trust_server
from chatroom.version import VERSION as __version__  # noqa: N811 - where everyone looks for it

__all__ = [
    "ChatroomError",
    "Closed",
    "ConnectionLost",
    "Event",
    "Gap",
    "LineBack",
    "LineGone",
    "LineLost",
    "LoginRefused",
    "Message",
    "NotInRoom",
    "NotTrusted",
    "PasswordRequired",
    "ReaderTooSlow",
    "Receipt",
    "Refused",
    "RequestTimeout",
    "Room",
    "StateUnusable",
    "UnknownServer",
    "Unreachable",
    "UsersChanged",
    "__version__",
    "account_exists",
    "connect",
    "trust_server",
]
