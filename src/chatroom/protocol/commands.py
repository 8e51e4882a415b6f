"""What a client asks for: one frozen type per command, and the way from a frame to it."""

from typing import Annotated, Any, ClassVar, Literal, NamedTuple

import msgspec
from msgspec import Meta

from chatroom.protocol.errors import ErrorCode, ProtocolError
from chatroom.protocol.text import has_surrogates

MAX_ID = 64
"""The longest `id` of a command, in characters."""

MAX_HISTORY = 1000
"""How many entries of a log a login may ask for at most."""

MAX_PAGE = 200
"""How many messages one answer to `history` holds at most."""

MAX_PLACE = (1 << 53) - 1
"""The highest place in a log: what every JSON parser can tell apart (RFC 7493, section 2.2)."""


HistoryLog = Literal["room", "inbox", "sent"]
"""What `history` gives pages of: what was said to everyone, to whoever asks, or by them to one
user."""


class Place(msgspec.Struct, frozen=True):
    """Where a client stands in a log: it has all entries up to `after` of this incarnation."""

    epoch: Annotated[str, Meta(pattern=r"\A[!-~]{1,64}\Z")]
    after: Annotated[int, Meta(ge=0, le=MAX_PLACE)]


class Places(msgspec.Struct, frozen=True):
    """Where a client stands in the logs it may read; None for one that it does not know yet."""

    room: Place | None = None
    inbox: Place | None = None


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """What every command has: the client's own name for it, echoed in the reply."""

    name: ClassVar[str]
    """How `command` is spelt on the wire; case does not matter there."""

    id: str | None = None


class Login(Command, frozen=True):
    """Log in, or register if nobody has the name yet."""

    name = "login"
    username: str
    password: str | None = None
    invite: str | None = None
    """What lets a new name in, where the server wants that."""
    logs: Places | None = None
    """Where to go on; what was said since then comes first."""
    history: Annotated[int, Meta(ge=0, le=MAX_HISTORY)] | None = None
    """How many of the newest entries of each log come first that `logs` does not name."""


class Resume(Command, frozen=True):
    """Come back after a lost connection, by the session that the login opened."""

    name = "resume"
    session: str
    logs: Places | None = None


class Say(Command, frozen=True):
    """Say something to everyone in the room."""

    name = "PM"
    message: str


class Whisper(Command, frozen=True):
    """Say something to one user."""

    name = "DM"
    to: str
    message: str


class Who(Command, frozen=True):
    """Ask who is in the room."""

    name = "WHO"


class History(Command, frozen=True):
    """Ask for a page of what was said before."""

    name = "history"
    log: HistoryLog
    to: str | None = None
    """For `sent`: to whom."""
    before: Annotated[int, Meta(ge=1, le=MAX_PLACE)] | None = None
    """The place behind the page; None for the newest messages."""
    limit: Annotated[int, Meta(ge=1, le=MAX_PAGE)] | None = None
    """How many messages at most; None for as many as the server thinks fit."""

    def __post_init__(self) -> None:
        """See whether the fields go together.

        Raises:
            ProtocolError: `missing_field`.
        """
        if self.log == "sent" and self.to is None:
            raise _missing(self.name, "to")


class Exit(Command, frozen=True):
    """Leave."""

    name = "EX"


class Ping(Command, frozen=True):
    """Ask for a sign of life."""

    name = "ping"


class Pong(Command, frozen=True):
    """Give the sign of life that the server asked for. It has no reply, as it is one."""

    name = "pong"


COMMANDS: dict[str, type[Command]] = {
    command.name.lower(): command
    for command in (Login, Resume, Say, Whisper, Who, History, Exit, Ping, Pong)
}
"""The commands by their names in lower case."""


_WRONG_TYPE = (msgspec.ValidationError, UnicodeEncodeError)
"""What msgspec raises where a field is not what it must be; the latter for a lone surrogate that
stands where no text belongs."""


def parse(frame: dict[str, object]) -> Command:
    """Return the command that `frame` asks for. Unknown fields are ignored.

    Raises:
        ProtocolError: `bad_frame`, `unknown_command`, `missing_field` or `invalid_field`.
    """
    name = frame.get("command")
    if not isinstance(name, str):
        raise ProtocolError(
            ErrorCode.BAD_FRAME, 'A frame names what it asks for: {"command": "WHO"}.'
        )
    kind = COMMANDS.get(name.lower())
    if kind is None:
        raise ProtocolError(
            ErrorCode.UNKNOWN_COMMAND,
            "There is no such command; there are login, resume, PM, DM, WHO, history, EX, ping and"
            " pong.",
            field="command",
        )
    try:
        command = msgspec.convert(frame, kind)
    except _WRONG_TYPE:
        command = _convert_listed(frame, kind)
    if command.id is not None and not _is_id(command.id):
        raise _invalid("id", f"a text of 1 to {MAX_ID} characters")
    return command


def _convert_listed(frame: dict[str, object], kind: type[Command]) -> Command:
    """Return the command that `frame` asks for, by the fields alone that it has.

    The name of another one may hold a lone surrogate, which msgspec refuses wherever it stands.
    """
    names = [field.name for field in msgspec.structs.fields(kind)]
    try:
        return msgspec.convert({name: frame[name] for name in names if name in frame}, kind)
    except _WRONG_TYPE:
        raise _explain(frame, kind) from None


class Echo(NamedTuple):
    """What a reply repeats of what it answers; None for what was not given or cannot be used."""

    command: str | None
    id: str | None


def echo(frame: dict[str, object]) -> Echo:
    """Return what an error repeats of `frame`, which `parse` may have refused."""
    name, id_ = frame.get("command"), frame.get("id")
    kind = COMMANDS.get(name.lower()) if isinstance(name, str) else None
    return Echo(kind.name if kind else None, id_ if isinstance(id_, str) and _is_id(id_) else None)


def _is_id(value: str) -> bool:
    return 0 < len(value) <= MAX_ID and not has_surrogates(value)


_RULES = {
    "logs": 'an object like {"room": {"epoch": "6ffc904e311ebba0", "after": 41}}',
    "history": f"a whole number from 0 to {MAX_HISTORY}",
    "log": "one of room, inbox and sent",
    "before": f"a whole number from 1 to {MAX_PLACE}",
    "limit": f"a whole number from 1 to {MAX_PAGE}",
}
"""What a field must be that is no text."""


def _explain(frame: dict[str, object], kind: type[Command]) -> ProtocolError:
    """Say which field made `frame` no command of this `kind`."""
    field = next(
        field
        for field in msgspec.structs.fields(kind)
        if (field.required if field.name not in frame else not _fits(frame[field.name], field.type))
    )
    if field.name in frame:
        return _invalid(field.name, _RULES.get(field.name, "a text"))
    return _missing(kind.name, field.name)


def _fits(value: object, kind: Any) -> bool:
    """Say whether `value` is of the type `kind`."""
    try:
        msgspec.convert(value, kind)
    except _WRONG_TYPE:
        return False
    return True


def _missing(command: str, field: str) -> ProtocolError:
    return ProtocolError(
        ErrorCode.MISSING_FIELD, f"{command} needs the field '{field}'.", field=field
    )


def _invalid(field: str, what: str) -> ProtocolError:
    return ProtocolError(
        ErrorCode.INVALID_FIELD, f"The field '{field}' must be {what}.", field=field
    )
