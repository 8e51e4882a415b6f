"""Logging in on a line, as `connect()` does and the listening thread does again."""

import contextlib
import time
from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from chatroom.client.errors import LoginRefused, PasswordRequired, Unreachable
from chatroom.client.events import Log
from chatroom.client.kept import Place
from chatroom.client.line import Line
from chatroom.client.wire import Bye, PasswordNeeded, Refusal, Welcome, read
from chatroom.protocol.errors import ErrorCode, ProtocolError
from chatroom.protocol.frames import Frame, encode

_EXIT = encode({"command": "EX"})

_NO_SESSION = {ErrorCode.INVALID_SESSION, ErrorCode.UNKNOWN_COMMAND}
"""Answers to `resume` after which the password is needed."""


class Login(msgspec.Struct, frozen=True):
    """Who logs in; kept for as long as the room, to log in again."""

    username: str
    password: str | None
    session: str | None = None
    """What an earlier login left to come back by."""
    invite: str | None = None
    """What lets a new name in, where the server wants that."""

    def resumption(self, logs: Mapping[Log, Place]) -> bytes:
        """Returns the frame to take the session up again by, empty if there is none."""
        if self.session is None:
            return b""
        return encode({"command": "resume", "session": self.session} | _known(logs))

    def encode(self, logs: Mapping[Log, Place], history: int) -> bytes:
        """Returns the frame to log in by."""
        frame: dict[str, object] = {"command": "login", "username": self.username}
        if self.password is not None:
            frame["password"] = self.password
        if self.invite is not None:
            frame["invite"] = self.invite
        if history:
            frame["history"] = history
        return encode(frame | _known(logs))


def _known(logs: Mapping[Log, Place]) -> dict[str, object]:
    known = {log: msgspec.structs.asdict(place) for log, place in logs.items()}
    return {"logs": known} if known else {}


def log_in(
    line: Line,
    login: Login,
    deadline: float,
    *,
    logs: Mapping[Log, Place] = MappingProxyType({}),
    history: int = 0,
) -> Welcome:
    """Opens the line and logs in. Whatever is raised, the line has been closed.

    Args:
        line: A new line.
        login: Who logs in; without a password to learn whether the account exists.
        deadline: When to give up, by `time.monotonic()`.
        logs: Up to where each log is known.
        history: How many entries to get of the others.

    Raises:
        Unreachable: No server, or none that answers a login.
        NotTrusted: It is not the server that is meant.
        LineBroken: The server ended the connection.
        LoginRefused: The server said no.
        PasswordRequired: No password was given, and no session is good.
    """
    try:
        resumption, entry = _encode(login, logs, history)
        line.open(deadline)
        welcome = _resume(line, login, resumption, deadline) if resumption else None
        return welcome or _exchange(line, entry, deadline)
    except TimeoutError:
        line.close()
        raise Unreachable(
            f"The server at {line.address} did not answer the login in time; try again later."
        ) from None
    except (PasswordRequired, LoginRefused):
        with contextlib.suppress(TimeoutError):
            _write(line, _EXIT, deadline)
        line.close()
        raise
    except BaseException:
        line.close()
        raise


def _resume(line: Line, login: Login, resumption: bytes, deadline: float) -> Welcome | None:
    """Takes the session up again; returns None if the password is needed, and is there."""
    try:
        return _exchange(line, resumption, deadline)
    except LoginRefused as no:
        if no.code not in _NO_SESSION:
            raise
    if login.password is None:
        raise PasswordRequired(login.username, new_user=False)
    return None


def _exchange(line: Line, frame: bytes, deadline: float) -> Welcome:
    """Sends a frame and waits for the welcome."""
    _write(line, frame, deadline)
    return _answer(line, deadline)


def _encode(login: Login, logs: Mapping[Log, Place], history: int) -> tuple[bytes, bytes]:
    try:
        return login.resumption(logs), login.encode(logs, history)
    except UnicodeEncodeError:
        raise LoginRefused(
            "invalid_field", "The username or the password holds half a character; type it again."
        ) from None


def _write(line: Line, data: bytes, deadline: float) -> None:
    portions = iter((data, b""))
    while not line.pump(portions.__next__):
        if not line.wait_writable(deadline):
            raise TimeoutError


def _answer(line: Line, deadline: float) -> Welcome:
    """Reads until the answer; what came behind it is left for the listening thread."""
    while time.monotonic() < deadline:
        frames = line.read(deadline)
        for position, frame in enumerate(frames):
            welcome = _judge(frame, line)
            if welcome is not None:
                line.unread(frames[position + 1 :])
                return welcome
    raise TimeoutError


def _judge(frame: Frame, line: Line) -> Welcome | None:
    """Returns the welcome, None for a frame that is no answer, and raises all other answers."""
    if isinstance(frame, ProtocolError):
        raise Unreachable(f"What listens at {line.address} is no chat room; check the address.")
    kind = frame.get("type")
    if kind in ("welcome", "resumed"):  # no set, as what comes need not be a text
        return read(frame, Welcome)
    if kind == "password_required":
        needed = read(frame, PasswordNeeded)
        raise PasswordRequired(needed.username, new_user=needed.new_user)
    if kind == "error":
        no = read(frame, Refusal)
        raise LoginRefused(no.code, no.message, no.field, no.retry_after)
    if kind == "bye":
        raise read(frame, Bye).as_broken()
    return None
