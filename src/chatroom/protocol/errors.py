"""What can go wrong in a conversation: a code for programs and a sentence for the person.

`ADVICE` is the one table that says for each code whether the connection stays open and what a
client should do next; the specification in `docs/protocol.md` repeats it and a test compares them.
"""

from enum import StrEnum
from typing import NamedTuple


class ErrorCode(StrEnum):
    """The codes of the `error` message, as they stand on the wire."""

    BAD_JSON = "bad_json"
    BAD_FRAME = "bad_frame"
    FRAME_TOO_LARGE = "frame_too_large"
    UNKNOWN_COMMAND = "unknown_command"
    MISSING_FIELD = "missing_field"
    INVALID_FIELD = "invalid_field"
    NOT_LOGGED_IN = "not_logged_in"
    ALREADY_LOGGED_IN = "already_logged_in"
    INVALID_USERNAME = "invalid_username"
    WRONG_PASSWORD = "wrong_password"  # noqa: S105  # nosec B105  # a code, not a password
    INVALID_SESSION = "invalid_session"
    REGISTRATION_CLOSED = "registration_closed"
    INVITE_REQUIRED = "invite_required"
    INVALID_INVITE = "invalid_invite"
    BANNED = "banned"
    LOGIN_TIMEOUT = "login_timeout"
    USER_NOT_IN_ROOM = "user_not_in_room"
    MESSAGE_TOO_LONG = "message_too_long"
    EMPTY_MESSAGE = "empty_message"
    RATE_LIMITED = "rate_limited"
    TOO_MANY_CONNECTIONS = "too_many_connections"
    TLS_REQUIRED = "tls_required"
    ID_REUSED = "id_reused"
    STORAGE_FULL = "storage_full"
    UNAVAILABLE = "unavailable"
    SHUTTING_DOWN = "shutting_down"
    INTERNAL = "internal"


class Advice(NamedTuple):
    """What follows from an error code."""

    stays_open: bool
    """Whether the connection can still be used after the error."""
    what_next: str
    """What a client should do, in words that the specification shares."""


ADVICE: dict[ErrorCode, Advice] = {
    ErrorCode.BAD_JSON: Advice(True, "mend the encoder; the next frame is read as usual"),
    ErrorCode.BAD_FRAME: Advice(True, "send an object with a text `command`"),
    ErrorCode.FRAME_TOO_LARGE: Advice(False, "connect again and send smaller frames"),
    ErrorCode.UNKNOWN_COMMAND: Advice(True, "send one of the commands listed above"),
    ErrorCode.MISSING_FIELD: Advice(True, "send the command again with the `field` it lacks"),
    ErrorCode.INVALID_FIELD: Advice(True, "send the command again with the `field` put right"),
    ErrorCode.NOT_LOGGED_IN: Advice(True, "send `login` first"),
    ErrorCode.ALREADY_LOGGED_IN: Advice(True, "go on; to change the name, connect again"),
    ErrorCode.INVALID_USERNAME: Advice(True, "ask the person for another name"),
    ErrorCode.WRONG_PASSWORD: Advice(True, "ask the person for the password again"),
    ErrorCode.INVALID_SESSION: Advice(True, "log in with the password and the same `logs`"),
    ErrorCode.REGISTRATION_CLOSED: Advice(True, "use an account that exists"),
    ErrorCode.INVITE_REQUIRED: Advice(True, "ask the person for an `invite` and log in with it"),
    ErrorCode.INVALID_INVITE: Advice(True, "ask the person for another `invite`"),
    ErrorCode.BANNED: Advice(False, "stay away and show the person the sentence"),
    ErrorCode.LOGIN_TIMEOUT: Advice(False, "connect again when the person is ready"),
    ErrorCode.USER_NOT_IN_ROOM: Advice(True, "ask WHO and pick somebody who is there"),
    ErrorCode.MESSAGE_TOO_LONG: Advice(True, "split the message"),
    ErrorCode.EMPTY_MESSAGE: Advice(True, "send some text"),
    ErrorCode.RATE_LIMITED: Advice(True, "send it again after `retry_after` seconds"),
    ErrorCode.TOO_MANY_CONNECTIONS: Advice(False, "connect again later"),
    ErrorCode.TLS_REQUIRED: Advice(False, "connect again and speak TLS"),
    ErrorCode.ID_REUSED: Advice(True, "give the other text an `id` of its own"),
    ErrorCode.STORAGE_FULL: Advice(True, "send it again later with the same `id`"),
    ErrorCode.UNAVAILABLE: Advice(True, "send it again later with the same `id`"),
    ErrorCode.SHUTTING_DOWN: Advice(False, "connect again after `after_ms` of the `bye`"),
    ErrorCode.INTERNAL: Advice(True, "report it with the time; the server's log has the cause"),
}


class ProtocolError(Exception):
    """An error that the other side is told of.

    Args:
        code: what went wrong, for programs.
        message: the same for a person, a plain sentence that says what to do.
        field: the field of the command that is at fault, where one is.
        retry_after: seconds after which the same command may succeed, where that is known.
    """

    def __init__(
        self,
        code: ErrorCode,
        message: str,
        *,
        field: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field
        self.retry_after = retry_after
