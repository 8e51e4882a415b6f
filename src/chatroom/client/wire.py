"""What the server says, checked field by field on its way from a frame to a type.

Unknown fields are ignored, so that the protocol can grow.
"""

from typing import Annotated, TypeVar

import msgspec

Seconds = Annotated[float, msgspec.Meta(ge=0.001, le=86400)]

_T = TypeVar("_T")


class LineBroken(Exception):
    """The line can be used no more; the listening thread decides what follows.

    Args:
        reason: A sentence for a person.
        reconnect: False when the server asks us not to come back.
        after: Seconds to stay away at least.
        at_once: Whether the line is to be got back without any delay.
    """

    def __init__(
        self, reason: str, *, reconnect: bool = True, after: float = 0.0, at_once: bool = False
    ) -> None:
        self.reason = reason
        self.reconnect = reconnect
        self.after = after
        self.at_once = at_once
        super().__init__(reason)


class Standing(msgspec.Struct, frozen=True, rename={"first": "from"}):
    """How a log stands at the login."""

    epoch: str
    head: int
    """The place of its newest entry."""
    first: int
    """The place of the first entry that this line brings."""


class Heartbeat(msgspec.Struct, frozen=True):
    """How long either side may say nothing."""

    ping: Seconds = 25.0
    """Seconds after which the other side asks for a sign of life."""
    answer: Seconds = 35.0
    """Seconds for the answer."""


class Welcome(msgspec.Struct, frozen=True):
    """The login succeeded, or the session was taken up again."""

    username: str
    users: tuple[str, ...]
    type: str = "welcome"
    """"welcome" or "resumed"."""
    new_user: bool = False
    session: str | None = None
    """What to come back by; None if it is the one that was given, or could not be stored."""
    logs: dict[str, Standing] = {}
    heartbeat: Heartbeat = Heartbeat()


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
    replay: bool = False


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
    replay: bool = False


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


class Head(msgspec.Struct, frozen=True):
    """Up to where a log has been sent."""

    epoch: str
    head: int


class Inquiry(msgspec.Struct, frozen=True):
    """The server asks for a sign of life."""

    logs: dict[str, Head] = {}


class Lacking(msgspec.Struct, frozen=True, rename={"first": "from", "last": "to"}):
    """Entries that will not come."""

    log: str
    first: int
    last: int
    reason: str


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
    message: str | None = None
    """A sentence for the person; None if the reason says all."""

    def as_broken(self) -> LineBroken:
        """Returns what it means for the line."""
        sentence = self.message or _FAREWELLS.get(
            self.reason, f"The server ended the connection ({self.reason})."
        )
        return LineBroken(sentence, reconnect=self.reconnect, after=self.after_ms / 1000)


Reply = Confirmation | Roster | Pong | Refusal

_FAREWELLS = {
    "exit": "The server has said goodbye.",
    "shutting_down": "The server is shutting down.",
    "silent": "The server ended the connection because it had not heard from us.",
    "slow_consumer": "The server ended the connection because we did not read fast enough.",
}


def read(frame: dict[str, object], kind: type[_T]) -> _T:
    """Returns the frame as the given type.

    Raises:
        LineBroken: A field is missing or of the wrong type; such a server cannot be followed.
    """
    try:
        return msgspec.convert(frame, kind)
    except (msgspec.ValidationError, UnicodeEncodeError) as error:  # which is for half a character
        raise LineBroken(f"The server sent something that makes no sense: {error}.") from None
