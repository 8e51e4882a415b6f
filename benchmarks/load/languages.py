"""All languages that there is a server for."""

from benchmarks.load.websocket import WebSocket
from benchmarks.load.wire import Entrance, Irc, Json, Raw, Xmpp

LANGUAGES: dict[str, type[Entrance]] = {
    "json": Json,
    "websocket": WebSocket,
    "irc": Irc,
    "raw": Raw,
    "xmpp": Xmpp,
}
"""By the name that a server's recipe says."""
