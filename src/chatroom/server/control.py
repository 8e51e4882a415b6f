"""The door for the person who runs the server: a Unix socket beside the data.

Only the owner of the data can open it. It speaks the frames of the wire, with the requests of
`auth.administration` in place of the commands, one reply to each.
"""

import contextlib
import logging
import os
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chatroom.auth import administration
from chatroom.auth.audit import operator
from chatroom.auth.desk import Desk
from chatroom.log.base import StoreError
from chatroom.log.handoff import HandoffClosed
from chatroom.protocol import events
from chatroom.protocol.errors import ErrorCode, ProtocolError
from chatroom.protocol.frames import Frame, FrameDecoder, encode
from chatroom.server.listener import Listener

_FRAME_BYTES = 65536
_SECONDS = 10.0
"""How long one step of a conversation may take; the next one waits meanwhile."""

_ADDRESS_BYTES = 100
_CREDENTIALS = struct.Struct("iII")  # struct ucred: pid, uid, gid (unix(7))
_BACKLOG = 16

_log = logging.getLogger(__name__)


def control_path(data: Path) -> Path:
    """Return where the control socket of the server on the database `data` is."""
    return data.with_name(data.name + ".sock")


class Control:
    """Owns the control socket, in a thread of its own named `control`.

    Args:
        data: the database file.
        desk: what the requests are about.

    Raises:
        StoreError: the socket cannot be made.
    """

    def __init__(self, data: Path, desk: Desk) -> None:
        self._path = control_path(data)
        self._desk = desk
        self._lock = threading.Lock()  # guards the two below; nothing blocks under it
        self._visitor: socket.socket | None = None  # who is being answered
        self._stopping = False
        self._listener = Listener(_bind(self._path), "control", self._serve, socket.socket.close)

    def start(self) -> None:
        """Begin to answer."""
        self._listener.start()

    def stop(self) -> None:
        """Answer no more, and remove the socket."""
        with self._lock:
            self._stopping = True
            if self._visitor is not None:
                with contextlib.suppress(OSError):  # it is gone by itself
                    self._visitor.shutdown(socket.SHUT_RDWR)
        self._listener.stop()
        self._path.unlink(missing_ok=True)

    def _serve(self, sock: socket.socket, _: str) -> None:
        """Answer what one process asks until it has no more questions."""
        with sock:
            with self._lock:
                if self._stopping:
                    return
                self._visitor = sock
            try:
                self._talk(sock)
            except OSError as error:
                _log.debug("A conversation with the control socket broke: %s", error)
            finally:
                with self._lock:
                    self._visitor = None

    def _talk(self, sock: socket.socket) -> None:
        decoder = FrameDecoder(_FRAME_BYTES)
        sock.settimeout(_SECONDS)
        actor = operator(_user_of(sock))
        while data := sock.recv(_FRAME_BYTES):
            for frame in decoder.feed(data):
                sock.sendall(self._reply(frame, actor))

    def _reply(self, frame: Frame, actor: str) -> bytes:
        try:
            if isinstance(frame, ProtocolError):
                raise frame
            return encode(administration.perform(self._desk, frame, actor))
        except ProtocolError as problem:
            return events.error(problem)
        except HandoffClosed:
            return events.error(ProtocolError(ErrorCode.SHUTTING_DOWN, "The server is stopping."))


def _user_of(sock: socket.socket) -> int:
    """Return the number of the system's user who is at the other end of a Unix socket."""
    if not hasattr(socket, "SO_PEERCRED"):  # macOS; only the owner can open it
        return os.getuid()
    credentials = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    _, uid, _ = _CREDENTIALS.unpack(credentials)
    return int(uid)


def ask(data: Path, request: dict[str, object]) -> dict[str, object] | None:
    """Ask the server that runs on `data`; return its reply, None if no server runs there.

    Raises:
        ProtocolError: the server refused, with the reason it gave.
        StoreError: there is a server and it does not answer.
    """
    path = control_path(data)
    try:
        with _named(path) as name, socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
            sock.settimeout(_SECONDS)
            sock.connect(name)
            sock.sendall(encode(request))
            frame = _receive(sock)
    except (FileNotFoundError, ConnectionRefusedError):
        return None
    except OSError as error:
        raise StoreError(
            f"The server on {data} does not answer: {error.strerror or error}."
        ) from error
    if frame.get("type") == "error":
        code, message = ErrorCode(str(frame["code"])), str(frame["message"])
        raise ProtocolError(code, message)
    return frame


def _receive(sock: socket.socket) -> dict[str, object]:
    decoder = FrameDecoder(1 << 30)  # a list of users may be long, and the server is our own
    while data := sock.recv(_FRAME_BYTES):
        for frame in decoder.feed(data):
            if isinstance(frame, dict):
                return frame
    raise ConnectionResetError("it closed the connection")


def _bind(path: Path) -> socket.socket:
    """Return a listening socket at `path` that only the owner can open."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    mask = os.umask(0o177)  # the mode of the socket; no other thread runs yet
    try:
        path.unlink(missing_ok=True)  # of a server that was killed: we hold the lock on the data
        with _named(path) as name:
            sock.bind(name)
        sock.listen(_BACKLOG)
        sock.setblocking(False)
    except OSError as error:
        sock.close()
        raise StoreError(f"{path} cannot be made: {error.strerror or error}.") from error
    finally:
        os.umask(mask)
    return sock


@contextmanager
def _named(path: Path) -> Iterator[str]:
    """Yield a name for the socket at `path` that fits into a socket address.

    Such an address holds about a hundred bytes (unix(7)); a longer path is named through its open
    folder, which Linux offers under /proc.
    """
    if len(os.fsencode(path)) < _ADDRESS_BYTES:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
