"""A scripted server on a real loopback socket, for the tests of the client."""

import select
import socket
import struct
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from queue import Queue
from typing import Any, Self, TypeVar

from chatroom.client.connect import connect
from chatroom.client.events import Event
from chatroom.client.room import Room
from chatroom.protocol.frames import FrameDecoder, encode

DEADLINE = 20.0
"""Seconds after which whatever a test waits for has failed."""

EPOCH = "e1"

Logs = Mapping[str, dict[str, object]]
"""How logs stand, by their names; see `standing`."""

_E = TypeVar("_E")


class Visitor:
    """The server's end of one connection; the test says what it does."""

    def __init__(self, channel: socket.socket) -> None:
        channel.settimeout(DEADLINE)
        self._channel = channel
        self._decoder = FrameDecoder(1 << 20)
        self._frames: deque[dict[str, object]] = deque()

    def receive(self) -> dict[str, object]:
        """Returns the next frame of the client."""
        while not self._frames:
            data = self._channel.recv(65536)
            assert data, "the client hung up"
            for frame in self._decoder.feed(data):
                assert isinstance(frame, dict)
                self._frames.append(frame)
        return self._frames.popleft()

    def expect(self, command: str) -> dict[str, object]:
        """Returns the next frame, which must be this command."""
        frame = self.receive()
        assert frame["command"] == command
        return frame

    def at_end(self) -> bool:
        """Waits for the client to hang up; returns False if it sends something instead."""
        if self._frames:
            return False
        try:
            return self._channel.recv(65536) == b""
        except ConnectionResetError:
            return True

    def send(self, *frames: dict[str, object]) -> None:
        """Sends frames in one segment."""
        self.send_bytes(b"".join(encode(frame) for frame in frames))

    def send_bytes(self, data: bytes) -> None:
        """Sends whatever it is."""
        self._channel.sendall(data)

    def welcome(self, *users: str, logs: Logs | None = None, **fields: object) -> dict[str, object]:
        """Takes the login and welcomes the client; returns the login.

        Args:
            users: Who is here.
            logs: How logs stand; those not given end where the client says that it stands.
            fields: Further fields of the welcome.
        """
        login = self.expect("login")
        self._let_in(login, welcome(str(login["username"]), *users), logs or {}, fields)
        return login

    def resumed(self, *users: str, logs: Logs | None = None, **fields: object) -> dict[str, object]:
        """The same for a client that comes back by its session."""
        resume = self.expect("resume")
        self._let_in(resume, welcome("bob", *users, type="resumed"), logs or {}, fields)
        return resume

    def _let_in(
        self,
        asked: dict[str, object],
        answer: dict[str, object],
        logs: Logs,
        fields: dict[str, object],
    ) -> None:
        places = asked.get("logs", {})
        assert isinstance(places, dict)
        known = {log: standing(place["after"]) for log, place in places.items()}
        here = {"room": standing(0), "inbox": standing(0)} | known | dict(logs)
        self.send(answer | {"logs": here} | fields)

    def confirm(self, request: dict[str, object], seq: int, *, duplicate: bool = False) -> None:
        """Confirms a message."""
        self.send(confirmation(request, seq, duplicate=duplicate))

    def say_bye(self) -> None:
        """Takes the EX and answers it."""
        while self.receive()["command"] != "EX":
            pass
        self.send({"type": "bye", "reason": "exit", "reconnect": False, "after_ms": 0})

    def hang_up(self) -> None:
        """Closes the connection; idempotent."""
        self._channel.close()

    def reset(self) -> None:
        """Closes the connection with a reset."""
        self._channel.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._channel.close()


class Peer:
    """Listens on a free port and hands out its visitors; everything ends with the `with`."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        # Small, so that a test fills a connection with little; its visitors inherit it.
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        self._listener.settimeout(DEADLINE)
        self.port: int = self._listener.getsockname()[1]
        self.address = f"127.0.0.1:{self.port}"
        self._visitors: list[Visitor] = []
        self._entering: list[Future[Room]] = []
        self._threads = ThreadPoolExecutor(thread_name_prefix="test")

    def __enter__(self) -> Self:
        """Returns itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Ends everything."""
        self._listener.close()
        for visitor in self._visitors:
            visitor.hang_up()
        for entering in self._entering:
            if entering.exception(DEADLINE) is None:
                entering.result().close(timeout=0.0)
        self._threads.shutdown()

    def accept(self) -> Visitor:
        """Waits for the next connection."""
        channel, _ = self._listener.accept()
        visitor = Visitor(channel)
        self._visitors.append(visitor)
        return visitor

    def quiet(self) -> bool:
        """Whether nobody has tried to connect."""
        return not select.select([self._listener], [], [], 0)[0]

    def stop_listening(self) -> None:
        """Refuses all further connections."""
        self._listener.close()

    def run(self, call: Callable[[], _E]) -> "Future[_E]":
        """Runs the client's side in a thread of its own."""
        return self._threads.submit(call)

    def connect(self, **options: Any) -> "Future[Room]":
        """Connects a client called bob; the test plays the server meanwhile.

        Args:
            options: For `connect`.
        """
        here: dict[str, Any] = {"username": "bob", "password": "secret", "timeout": DEADLINE}
        entering = self.run(lambda: connect(self.address, **here | options))
        self._entering.append(entering)
        return entering

    def enter(
        self,
        *users: str,
        logs: Logs | None = None,
        fields: dict[str, object] | None = None,
        **options: Any,
    ) -> tuple[Room, Visitor]:
        """Connects a client called bob and welcomes it.

        Args:
            users: Who is here.
            logs: See `Visitor.welcome`.
            fields: Further fields of the welcome.
            options: For `connect`.
        """
        entering = self.connect(**options)
        visitor = self.accept()
        visitor.welcome(*users, logs=logs, **fields or {})
        return entering.result(DEADLINE), visitor


class Events:
    """An `on_event` that keeps what it is told for the test to wait for."""

    def __init__(self) -> None:
        self._queue: Queue[Event] = Queue()

    def __call__(self, event: Event) -> None:
        """Takes an event."""
        self._queue.put(event)

    def next(self) -> Event:
        """Returns the next event."""
        return self._queue.get(timeout=DEADLINE)

    def wait_for(self, kind: type[_E]) -> _E:
        """Returns the next event of a kind, dropping others."""
        while True:
            event = self.next()
            if isinstance(event, kind):
                return event


def welcome(name: str, *users: str, type: str = "welcome") -> dict[str, object]:
    """The answer to a login, or to somebody who comes back."""
    return {
        "type": type,
        "username": name,
        "users": list(users or (name,)),
        "server": "chatroom/0.1.0",
        "protocol": 1,
        "message": "Welcome.",
    }


def standing(after: int, head: int | None = None, epoch: str = EPOCH) -> dict[str, object]:
    """How a log stands.

    Args:
        after: The place after which it is sent.
        head: The place of its newest entry; that one if not given.
        epoch: Which incarnation it is.
    """
    return {
        "epoch": epoch,
        "head": after if head is None else head,
        "oldest": 1,
        "from": after + 1,
    }


def replayed(*frames: dict[str, object]) -> list[dict[str, object]]:
    """Entries that were said before."""
    return [frame | {"replay": True} for frame in frames]


def gap(log: str, first: int, last: int, reason: str) -> dict[str, object]:
    """Entries that will not come."""
    return {"type": "gap", "log": log, "from": first, "to": last, "reason": reason}


def ping(room: int, inbox: int = 0, *, epoch: str = EPOCH) -> dict[str, object]:
    """The question for a sign of life, with the heads of the logs."""
    heads = {"room": room, "inbox": inbox}
    logs = {log: {"epoch": epoch, "head": head} for log, head in heads.items()}
    return {"type": "ping", "logs": logs}


def broadcast(
    seq: int, text: str = "hello", *, sender: str = "alice", epoch: str = EPOCH
) -> dict[str, object]:
    """A public message of somebody else."""
    return {
        "type": "broadcast",
        "from": sender,
        "message": text,
        "seq": seq,
        "prev": seq - 1,
        "epoch": epoch,
        "ts": 1700000000.5,
    }


def direct(seq: int, text: str = "psst", *, epoch: str = EPOCH) -> dict[str, object]:
    """A direct message for us."""
    return broadcast(seq, text, epoch=epoch) | {"type": "direct_message", "to": "bob"}


def confirmation(
    request: dict[str, object], seq: int, *, duplicate: bool = False
) -> dict[str, object]:
    """The confirmation of a message."""
    return {
        "type": "confirmation",
        "command": request["command"],
        "id": request["id"],
        "seq": seq,
        "epoch": EPOCH,
        "ts": 1700000000.5,
        "duplicate": duplicate,
        "message": "Message sent.",
    }


def refusal(code: str, **fields: object) -> dict[str, object]:
    """An error."""
    return {"type": "error", "code": code, "message": f"Sorry: {code}."} | fields


@contextmanager
def silent_port() -> Iterator[int]:
    """A port to which connections are neither accepted nor refused: the queue is full."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port: int = listener.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):
            yield port
