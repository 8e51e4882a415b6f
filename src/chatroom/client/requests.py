"""What is asked of the server, and how its answer becomes a result."""

import time
from abc import ABC, abstractmethod
from concurrent.futures import Future
from typing import ClassVar, Generic, TypeVar

from chatroom.client.errors import ChatroomError, NotInRoom, Refused
from chatroom.client.events import Receipt
from chatroom.client.wire import Confirmation, Pong, Refusal, Reply, Roster
from chatroom.protocol.errors import ErrorCode, ProtocolError
from chatroom.protocol.frames import encode
from chatroom.protocol.text import check_message

FRAME_BYTES = 65536
"""The longest frame a server takes by default; a longer one would cost the connection."""

_T = TypeVar("_T")


class Request(ABC, Generic[_T]):
    """One request, sent until it is answered, always under the same id.

    Args:
        id: 1 to 64 characters, unique for the account.
        frame: The frame without the id.

    Raises:
        Refused: It cannot be sent: half a character in a text, or too long.
    """

    in_order: ClassVar[bool] = False
    """Whether it must not overtake a message."""

    def __init__(self, id: str, frame: dict[str, object]) -> None:
        self.id = id
        self.number = 0  # its place among all requests, which `Pending` gives
        self.sent_at: float | None = None  # when it went out last, by time.monotonic()
        self.data = _encode(frame | {"id": id})
        self.future: Future[_T] = Future()
        # What has been sent cannot be called back, so Future.cancel() must not pretend to.
        self.future.set_running_or_notify_cancel()

    def settle(self, reply: Reply) -> None:
        """Gives the waiting caller the server's answer. Only for the listening thread."""
        if isinstance(reply, Refusal):
            kind = NotInRoom if reply.code == ErrorCode.USER_NOT_IN_ROOM else Refused
            self.fail(kind(reply.code, reply.message, reply.field, reply.retry_after))
            return
        result = self._result(reply)
        if result is None:
            self.fail(Refused(ErrorCode.INTERNAL, "The server's answer does not fit the question."))
        else:
            self.future.set_result(result)

    def fail(self, error: ChatroomError) -> None:
        """Gives the waiting caller an error."""
        self.future.set_exception(error)

    @abstractmethod
    def _result(self, reply: Reply) -> _T | None:
        """Returns what the reply means, None when it does not fit."""


class SendRequest(Request[Receipt]):
    """A message, public or direct.

    Args:
        id: As for `Request`.
        text: What to say.
        to: Whom a direct message is for.
    """

    in_order = True

    def __init__(self, id: str, text: str, to: str | None) -> None:
        try:
            check_message(text, FRAME_BYTES)
        except ProtocolError as error:
            raise Refused(error.code, error.message, error.field, error.retry_after) from None
        self.text = text
        """What to say."""
        self.to = to
        """Whom a direct message is for; None for a public one."""
        if to is None:
            super().__init__(id, {"command": "PM", "message": text})
        else:
            super().__init__(id, {"command": "DM", "to": to, "message": text})

    def _result(self, reply: Reply) -> Receipt | None:
        if not isinstance(reply, Confirmation):
            return None
        return Receipt(reply.seq, reply.epoch, reply.ts, reply.duplicate, self.id, self.to)


class WhoRequest(Request[tuple[str, ...]]):
    """Who is in the room?"""

    def __init__(self, id: str) -> None:
        super().__init__(id, {"command": "WHO"})

    def _result(self, reply: Reply) -> tuple[str, ...] | None:
        return reply.users if isinstance(reply, Roster) else None


class PingRequest(Request[float]):
    """Are you there? The result is the round trip in seconds, from the last sending of it."""

    def __init__(self, id: str) -> None:
        super().__init__(id, {"command": "ping"})

    def _result(self, reply: Reply) -> float | None:
        if not isinstance(reply, Pong) or self.sent_at is None:
            return None
        return time.monotonic() - self.sent_at


class ExitRequest(Request[None]):
    """We leave. Answered with a `bye`, which ends the line, and so never settled."""

    in_order = True

    def __init__(self, id: str) -> None:
        super().__init__(id, {"command": "EX"})

    def _result(self, reply: Reply) -> None:  # noqa: ARG002 - no reply settles it
        return None


def _encode(frame: dict[str, object]) -> bytes:
    try:
        data = encode(frame)
    except UnicodeEncodeError:
        raise Refused(
            ErrorCode.INVALID_FIELD, "A text holds half a character; type it again."
        ) from None
    if len(data) > FRAME_BYTES:
        raise Refused(
            ErrorCode.MESSAGE_TOO_LONG,
            f"The message takes {len(data)} bytes to send; split it into shorter ones.",
            "message",
        )
    return data
