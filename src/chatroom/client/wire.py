"""What the server says, checked field by field on its way from a frame to a type.

Unknown fields are ignored, so that the protocol can grow.
"""

from typing import TypeVar

import msgspec

_T = TypeVar("_T")


class LineBroken(Exception):
    """The line can be used no more; the listening thread decides what follows.

    Args:
        reason: A sentence for a person.
        reconnect: False when the server asks us not to come back.
        after: Seconds to stay away at least.
    """

    def __init__(self, reason: str, *, reconnect: bool = True, after: float = 0.0) -> None:
        self.reason = reason
        self.reconnect = reconnect
        self.after = after
        super().__init__(reason)


class Welcome(msgspec.Struct, frozen=True):
    """The login succeeded."""

    username: str
    users: tuple[str, ...]
    new_user: bool = False


class PasswordNeeded(msgspec.Struct, frozen=True):
    """The answer to a login without a password."""

    username: str
    new_user: bool


class Said(msgspec.Struct, frozen=True, gc=False, rename={"sender": "from", "text": "message"}):
    """A public message."""

    sender: str
    text: str
    seq: int
    prev: int
    epoch: str
    ts: float


class Whispered(
    msgspec.Struct, frozen=True, gc=False, rename={"sender": "from", "text": "message"}
):
    """A direct message."""

    sender: str
    to: str
    text: str
    seq: int
    prev: int
    epoch: str
    ts: float


class Confirmation(msgspec.Struct, frozen=True, gc=False):
    """A message of ours is in the log."""

    seq: int
    epoch: str
    ts: float
    command: str = "PM"
    duplicate: bool = False
    id: str | None = None


class Roster(msgspec.Struct, frozen=True):
    """A list of users: the answer to WHO, or an update."""

    users: tuple[str, ...]
    id: str | None = None


class Pong(msgspec.Struct, frozen=True):
    """The answer to ping."""

    id: str | None = None


class Refusal(msgspec.Struct, frozen=True):
    """An error."""

    code: str
    message: str
    id: str | None = None
    field: str | None = None
    retry_after: float | None = None


class Bye(msgspec.Struct, frozen=True):
    """The server is about to close."""

    reason: str = ""
    reconnect: bool = True
    after_ms: float = 0

    def as_broken(self) -> LineBroken:
        """Returns what it means for the line."""
        sentence = _FAREWELLS.get(self.reason, f"The server ended the connection ({self.reason}).")
        return LineBroken(sentence, reconnect=self.reconnect, after=self.after_ms / 1000)


Reply = Confirmation | Roster | Pong | Refusal

_FAREWELLS = {
    "exit": "The server has said goodbye.",
    "shutting_down": "The server is shutting down.",
    "slow_consumer": "The server ended the connection because we did not read fast enough.",
}


def read(frame: dict[str, object], kind: type[_T]) -> _T:
    """Returns the frame as the given type.

    Raises:
        LineBroken: A field is missing or of the wrong type; such a server cannot be followed.
    """
    try:
        return msgspec.convert(frame, kind)
    except msgspec.ValidationError as error:
        raise LineBroken(f"The server sent something that makes no sense: {error}.") from None
