"""Logging in on a line, as `connect()` does and the listening thread does again."""

import contextlib
import time

import msgspec

from chatroom.client.errors import LoginRefused, PasswordRequired, Unreachable
from chatroom.client.line import Line
from chatroom.client.wire import Bye, PasswordNeeded, Refusal, Welcome, read
from chatroom.protocol.errors import ProtocolError
from chatroom.protocol.frames import Frame, encode

_EXIT = encode({"command": "EX"})


class Login(msgspec.Struct, frozen=True):
    """Who logs in; kept for as long as the room, to log in again."""

    username: str
    password: str | None

    def encode(self) -> bytes:
        """Returns the frame."""
        frame = {"command": "login", "username": self.username}
        return encode(frame if self.password is None else frame | {"password": self.password})


def log_in(line: Line, login: Login, deadline: float) -> Welcome:
    """Opens the line and logs in. Whatever is raised, the line has been closed.

    Args:
        line: A new line.
        login: Who logs in; without a password to learn whether the account exists.
        deadline: When to give up, by `time.monotonic()`.

    Raises:
        Unreachable: No server, or none that answers a login.
        LineBroken: The server ended the connection.
        LoginRefused: The server said no.
        PasswordRequired: No password was given.
    """
    try:
        data = _encode(login)
        line.open(deadline)
        _write(line, data, deadline)
        return _answer(line, deadline)
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


def _encode(login: Login) -> bytes:
    try:
        return login.encode()
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
    if kind == "welcome":
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
