"""A server, played by a test, that keeps its logs well and its connections badly."""

import contextlib
import socket
import struct
import threading
import time
from typing import NamedTuple, Self

from chatroom.protocol.frames import FrameDecoder, encode
from tests.client.peer import broadcast, confirmation, direct, ping, standing, welcome

_LULL_SECONDS = 0.02
"""How long it waits for a client that may have nothing to say."""

END = "the end"
"""What others say last, in each log."""

Frame = dict[str, object]


class Fate(NamedTuple):
    """What becomes of one connection."""

    takes: int
    """After how many bytes from the client it ends."""
    gives: int
    """After how many bytes to the client it ends."""
    steps: str
    """What happens on it: "r" something is said in the room, "d" to the client alone; "R" and "D"
    the same, and it is left out on this connection; "h" the client is heard."""
    overlap: int
    """How many entries are sent that the client has."""
    forgets: bool
    """Whether it knows no session."""
    resets: bool
    """Whether the end is a reset."""


_KIND = Fate(1 << 30, 1 << 30, "", 0, forgets=False, resets=False)
"""That of all further connections."""


class _Cut(Exception):
    """The connection has ended."""


class Unreliable:
    """Serves one client, one connection after the other, until the end of the `with`.

    Args:
        fates: What becomes of the first connections; all further ones are good.
    """

    def __init__(self, fates: list[Fate]) -> None:
        self.logs: dict[str, list[Frame]] = {"room": [], "inbox": []}
        """What was said, as it is sent."""
        self.ends: tuple[str, ...] = ("room", "inbox")
        """The logs in which the last thing is still to be said."""
        self._ids: dict[object, int] = {}  # the places of the client's own messages
        self._fates = iter(fates)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(_LULL_SECONDS)
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="unreliable")

    def __enter__(self) -> Self:
        """Begins to serve."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Ends."""
        self._over.set()
        self._thread.join()
        self._listener.close()

    def _run(self) -> None:
        while not self._over.is_set():
            with contextlib.suppress(TimeoutError):
                channel, _ = self._listener.accept()
                with channel, contextlib.suppress(_Cut, OSError):
                    _Connection(self, channel, next(self._fates, _KIND)).serve(self._over)

    def say(self, log: str, text: str = "") -> Frame:
        """Somebody says something."""
        seq = len(self.logs[log]) + 1
        frame = (broadcast if log == "room" else direct)(seq, text or f"{log} {seq}")
        self.logs[log].append(frame)
        return frame

    def take(self, request: Frame) -> Frame:
        """The client says something; returns the confirmation."""
        known = self._ids.get(request["id"])
        if known is not None:
            return confirmation(request, known, duplicate=True)
        seq = self._ids[request["id"]] = len(self.logs["room"]) + 1
        self.logs["room"].append(broadcast(seq, str(request["message"]), sender="bob"))
        return confirmation(request, seq)


class _Connection:
    """One connection of it."""

    def __init__(self, server: Unreliable, channel: socket.socket, fate: Fate) -> None:
        self._server = server
        self._channel = channel
        self._fate = fate
        self._takes, self._gives = fate.takes, fate.gives
        self._decoder = FrameDecoder(1 << 20)
        self._frames: list[Frame] = []
        channel.settimeout(_LULL_SECONDS)

    def serve(self, over: threading.Event) -> None:
        """Serves the client until the connection ends."""
        self._let_in()
        for step in self._fate.steps:
            if step == "h":
                self._answer()
                continue
            frame = self._server.say("room" if step in "rR" else "inbox")
            if step in "rd":
                self._send(frame)
        if self._fate is not _KIND:
            self._cut()
        ends, self._server.ends = self._server.ends, ()
        for frame in [self._server.say(log, END) for log in ends]:  # the client may hang up
            self._send(frame)
        while not over.is_set():
            if not self._answer():
                self._send(ping(*(len(log) for log in self._server.logs.values())))

    def _let_in(self) -> None:
        command = self._await()
        if command["command"] == "resume" and self._fate.forgets:
            self._send({"type": "error", "code": "invalid_session", "message": "Sorry."})
            command = self._await()
        name = "resumed" if command["command"] == "resume" else "welcome"
        places = command.get("logs", {})
        assert isinstance(places, dict)
        heads = {log: len(entries) for log, entries in self._server.logs.items()}
        after = {
            log: max(0, places[log]["after"] - self._fate.overlap) if log in places else head
            for log, head in heads.items()
        }
        logs = {log: standing(after[log], head) for log, head in heads.items()}
        session = {} if name == "resumed" else {"session": "token"}
        self._send(welcome("bob", type=name) | {"logs": logs} | session)
        for log, entries in self._server.logs.items():
            for frame in entries[after[log] :]:
                self._send(frame | {"replay": True})

    def _await(self) -> Frame:
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            frame = self._receive()
            if frame is not None:
                return frame
        raise _Cut

    def _answer(self) -> bool:
        """Does one thing that the client asks for; returns whether there was one."""
        frame = self._receive()
        if frame is None:
            return False
        if frame["command"] == "PM":
            self._send(self._server.take(frame))
        elif frame["command"] == "EX":
            raise _Cut
        return True

    def _receive(self) -> Frame | None:
        """Returns the next frame of the client, None if it says nothing."""
        if not self._frames:
            try:
                data = self._channel.recv(min(self._takes, 4096))
            except TimeoutError:
                return None
            self._takes -= len(data)
            found = self._decoder.feed(data)
            self._frames += [frame for frame in found if isinstance(frame, dict)]
            if not self._frames:
                if not data or self._takes == 0:
                    self._cut()
                return None
        return self._frames.pop(0)

    def _send(self, frame: Frame) -> None:
        data = encode(frame)[: self._gives]
        self._channel.sendall(data)
        self._gives -= len(data)
        if self._gives == 0:
            self._cut()

    def _cut(self) -> None:
        if self._fate.resets:
            linger = struct.pack("ii", 1, 0)
            self._channel.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        raise _Cut
