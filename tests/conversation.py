"""Conversations with a real server over real sockets, by a client that knows nothing but the wire.

It shares no code with the library in `chatroom.client`, so that the two check each other.
"""

import contextlib
import json
import logging
import queue
import socket
import struct
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from chatroom.app import App
from chatroom.auth.registration import Mode
from chatroom.config import Argon2, Auth, Config, Limits, Server
from chatroom.log.base import StoreError
from chatroom.protocol.names import same
from chatroom.server.connection import Connection

DEADLINE = 20.0
"""Seconds that anything may take before the test fails."""

PASSWORD = "secret"
"""Everybody's, where a test does not say otherwise."""

Frame = dict[str, Any]
"""A message of the server."""


class Client:
    """One connection. What it waits for has a deadline; the end of the stream is an EOFError.

    Args:
        address: host and port.
        receive_bytes: how much the system takes in for a client that does not read, if not the
            usual; a few kilobytes make a slow reader.
        source: which address of this machine to come from, if not the usual one.
    """

    def __init__(
        self, address: tuple[str, int], *, receive_bytes: int = 0, source: str = ""
    ) -> None:
        self.sock = socket.socket()
        if source:
            self.sock.bind((source, 0))
        if receive_bytes:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock.settimeout(DEADLINE)
        self.sock.connect(address)
        self._lines: deque[bytes] = deque()
        self._rest = b""

    def __enter__(self) -> Self:
        """Nothing more to do; the connection is open."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Goes without a word."""
        self.close()

    def close(self) -> None:
        """Goes without a word."""
        self.sock.close()

    def reset(self) -> None:
        """Goes with a reset, as when the network or the machine is gone."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def send_bytes(self, data: bytes) -> None:
        """Sends `data` as it is."""
        self.sock.sendall(data)

    def send_pieces(self, *pieces: bytes) -> None:
        """Sends what belongs together, piece by piece."""
        for piece in pieces:
            self.send_bytes(piece)

    def send(self, command: str, **fields: object) -> None:
        """Sends one command, on a line of its own."""
        self.send_bytes(line(command, **fields))

    def read(self) -> Frame:
        """Returns the next frame, whatever it is."""
        while not self._lines:
            data = self.sock.recv(1 << 18)
            if not data:
                assert not self._rest, f"the stream ended within a line: {self._rest[-200:]!r}"
                raise EOFError
            *lines, self._rest = (self._rest + data).split(b"\n")
            self._lines.extend(lines)
        frame = json.loads(self._lines.popleft().decode())
        assert isinstance(frame, dict)
        return frame

    def news(self, kind: str | None = None) -> Frame:
        """Returns the next frame that is no roster, which may come at any time.

        Args:
            kind: the type that it must have, if one is given.
        """
        while (frame := self.read())["type"] == "update_users":
            pass
        assert kind is None or frame["type"] == kind, frame
        return frame

    def take(self, count: int) -> list[Frame]:
        """Returns that many frames that are no rosters."""
        return [self.news() for _ in range(count)]

    def ask(self, command: str, **fields: object) -> Frame:
        """Sends one command and returns what comes next."""
        self.send(command, **fields)
        return self.news()

    def refused(self, code: str, command: str, **fields: object) -> Frame:
        """Sends one command, sees that it is refused, and returns the error."""
        error = self.ask(command, **fields)
        assert (error["type"], error["code"]) == ("error", code), error
        assert error["message"]
        return error

    def login(self, username: str, password: str = PASSWORD) -> Frame:
        """Logs in or registers, and returns the welcome."""
        welcome = self.ask("login", username=username, password=password)
        assert welcome["type"] == "welcome", welcome
        return welcome

    def say(self, message: str, **fields: object) -> Frame:
        """Sends a public message and returns its confirmation."""
        confirmation = self.ask("PM", message=message, **fields)
        assert confirmation["type"] == "confirmation", confirmation
        return confirmation

    def heard(self) -> list[Frame]:
        """Returns all that the server had for this client before now, without rosters.

        The server answers in order, so whatever was confirmed to anybody before this is called
        is here before the answer to a ping.
        """
        frames: list[Frame] = []
        self.send("ping", id="heard")
        while (frame := self.news()) != {"type": "pong", "id": "heard"}:
            frames.append(frame)
        return frames

    def wait_roster(self, *names: str) -> list[Frame]:
        """Reads on until the list of users is `names`; returns what else came."""
        frames: list[Frame] = []
        while (frame := self.read()) != {"type": "update_users", "users": list(names)}:
            frames.append(frame)
        return frames

    def remainder(self) -> list[Frame]:
        """Returns all frames up to the end of the stream, rosters included."""
        frames: list[Frame] = []
        with contextlib.suppress(EOFError):
            while True:
                frames.append(self.read())
        return frames


SomeClient = TypeVar("SomeClient", bound=Client)


class Running:
    """A server in this process. `running` makes it.

    Args:
        config: everything that can be set.
    """

    def __init__(self, config: Config) -> None:
        self.failures: queue.SimpleQueue[StoreError] = queue.SimpleQueue()
        """Why the server gave up, if it did."""
        self.speaks: type[Client] = Client
        """What those who connect are, where a test does not say."""
        self.app = App(config, self.failures.put).start()
        self._clients: list[Client] = []
        self._stopped = False

    @property
    def address(self) -> tuple[str, int]:
        """Where clients connect to."""
        return self.app.host, self.app.port

    def connect(self, *, receive_bytes: int = 0, source: str = "") -> Client:
        """Returns a new connection, which is closed with the server."""
        client = self.speaks(self.address, receive_bytes=receive_bytes, source=source)
        return self.keep(client)

    def keep(self, client: SomeClient) -> SomeClient:
        """Has `client` closed with the server, and returns it."""
        self._clients.append(client)
        return client

    def enter(self, username: str, *, receive_bytes: int = 0) -> Client:
        """Returns a new connection that is logged in."""
        client = self.connect(receive_bytes=receive_bytes)
        client.login(username)
        return client

    def connection_of(self, username: str) -> Connection:
        """Returns the server's side of the one connection of `username`."""
        (found,) = [
            each
            for each in self.app._connections.all()
            if (member := each._visit.member) is not None and same(member.account.name, username)
        ]
        return found

    def leave(self) -> None:
        """Closes all clients and stops the server."""
        for client in self._clients:
            client.close()
        self.stop()

    def stop(self) -> float:
        """Stops the server, if that is still to be done; returns how many seconds it took."""
        begin = time.monotonic()
        if not self._stopped:
            self._stopped = True
            self.app.stop()
        return time.monotonic() - begin


def settings(
    data: Path | str = ":memory:", *, registration: Mode = "open", **limits: Any
) -> Config:
    """Returns a configuration whose passwords are cheap to check, on any free port.

    Messages may come as fast as they do, unless `limits` says otherwise.
    """
    argon2 = Argon2(time_cost=1, memory_kib=8, parallelism=1)
    return Config(
        Server(port=0, data=str(data)),
        Auth(registration=registration, argon2=argon2),
        Limits(**{"messages_per_second": 0} | limits),
    )


@contextlib.contextmanager
def running(
    data: Path | str = ":memory:",
    *,
    registration: Mode = "open",
    faulty: bool = False,
    **limits: Any,
) -> Iterator[Running]:
    """Runs a server in this process, and sees that it logs no error.

    Args:
        data: a path to keep data in, or ":memory:".
        registration: who may register.
        faulty: whether the test makes faults, so that errors are logged.
        **limits: what `[limits]` sets.
    """
    with contextlib.nullcontext() if faulty else no_errors_logged():
        server = Running(settings(data, registration=registration, **limits))
        try:
            yield server
        finally:
            server.leave()
    assert faulty or server.failures.empty()


class _Errors(logging.Handler):
    """Keeps what is logged as an error."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(self.format(record))


@contextlib.contextmanager
def no_errors_logged() -> Iterator[None]:
    """Sees that nothing in here logs an error."""
    errors = _Errors()
    logger = logging.getLogger("chatroom")
    logger.addHandler(errors)
    try:
        yield
    finally:
        logger.removeHandler(errors)
    assert not errors.texts, "\n".join(errors.texts)


def line(command: str, **fields: object) -> bytes:
    """Returns one command as the line of bytes that carries it."""
    return json.dumps({"command": command, **fields}).encode() + b"\n"
