"""The servers of this project: chatroom, and what it is compared with on every machine."""

import shutil
import sys
from pathlib import Path

from benchmarks.paths import HERE
from benchmarks.servers.compiling import compiled
from benchmarks.servers.recipe import Launch, Place, Recipe, first_line
from chatroom.version import VERSION

SETTINGS = {
    "CHATROOM_AUTH_ARGON2_TIME_COST": "1",
    "CHATROOM_AUTH_ARGON2_MEMORY_KIB": "8",
    "CHATROOM_LIMITS_MESSAGES_PER_SECOND": "0",
}
"""So that coming in costs no more than elsewhere, where no password is checked at all, and one may
talk as fast as one can."""


class Chatroom(Recipe):
    """chatroom, with its defaults otherwise: durable unless a scenario says `:memory:`."""

    name = "chatroom"
    title = "chatroom"
    language = "json"
    peer = False

    def version(self) -> str | None:
        """Return the version of the package."""
        return VERSION

    def prepare(self, place: Place) -> Launch:
        """Choose where the data is to be."""
        data = ":memory:" if place.in_memory else str(place.folder / "chatroom.db")
        words = ["serve", "--port", str(place.port), "--data", data]
        return Launch([sys.executable, "-m", "chatroom.cli.main", *words], SETTINGS)


class WebSocketChatroom(Chatroom):
    """The same, spoken to through a WebSocket."""

    name = "chatroom-ws"
    title = "chatroom (WebSocket)"
    language = "websocket"


class Floor(Recipe):
    """A server in C that reads and sends and does nothing else."""

    name = "floor"
    title = "floor (C)"
    language = "raw"
    peer = False
    obtain = "a C compiler called cc"

    def version(self) -> str | None:
        """Return the compiler's version, as the floor itself is part of the yardstick."""
        compiler = shutil.which("cc")
        return first_line([compiler, "--version"]) if compiler else None

    def prepare(self, place: Place) -> Launch:
        """Compile it, once for all runs of this process."""
        words = [str(compiled(HERE / "floor.c")), str(place.port)]
        return Launch([*words, "pairs"] if place.partners else words)


class PythonLoop(Recipe):
    """The server that one would write first: one loop, the standard library, no log."""

    name = "loop"
    title = "plain Python loop"
    language = "json"
    peer = False

    def version(self) -> str | None:
        """Return Python's version."""
        return sys.version.split()[0]

    def prepare(self, place: Place) -> Launch:
        """It needs nothing."""
        return Launch([sys.executable, str(Path(HERE / "python_loop.py")), str(place.port)])
