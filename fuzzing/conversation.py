"""Whether a conversation was held as docs/protocol.md says: one reply to each command, in order."""

import json
from collections.abc import Iterator

from chatroom.protocol.commands import Pong, echo, parse
from chatroom.protocol.errors import ProtocolError
from chatroom.protocol.frames import Frame, FrameDecoder
from fuzzing.target import hold

_NEWS = {"broadcast", "direct_message", "update_users", "ping", "gap"}
_REPLIES = {
    "login": {"welcome", "password_required"},
    "resume": {"resumed"},
    "PM": {"confirmation"},
    "DM": {"confirmation"},
    "WHO": {"active_users"},
    "history": {"history"},
    "ping": {"pong"},
    "EX": {"bye"},
}
_LAST_WORDS = {"login_timeout", "frame_too_large", "tls_required"}
"""Errors that answer no command."""

Message = dict[str, object]


def messages(heard: bytes, *, cut: bool = False) -> list[Message]:
    """Return what the server said.

    Args:
        heard: all that it sent.
        cut: whether it may end anywhere.
    """
    *lines, rest = heard.split(b"\n")
    hold(cut or not rest, rest)
    found = []
    for line in lines:
        message = json.loads(line)
        hold(isinstance(message, dict) and isinstance(message.get("type"), str), line)
        found.append(message)
    return found


def check(said: bytes, heard: bytes, limit: int, *, cut: bool = False) -> None:
    """See that each command in `said` has its one reply in `heard`.

    Args:
        said: all that the server has read.
        heard: all that it sent.
        limit: how long a frame may be.
        cut: whether the connection broke, so that replies may be missing at the end.
    """
    replies = [one for one in messages(heard, cut=cut) if one["type"] not in _NEWS]
    requests = _requests(said, limit)
    for number, reply in enumerate(replies):
        if _is_farewell(reply):
            hold(number == len(replies) - 1, replies[number:])
            return
        if reply["type"] == "error" and reply["code"] in _LAST_WORDS:
            behind = [(one["type"], one.get("reason")) for one in replies[number + 1 :]]
            hold(behind == [("bye", reply["code"])] or (cut and not behind), behind)
            return
        request = next(requests, None)
        hold(request is not None, f"{reply} answers nothing")
        if request is not None:
            _fits(request, reply)
        if reply["type"] == "bye":
            hold(number == len(replies) - 1, replies[number:])
            return
    hold(cut or next(requests, None) is None, "a command has no reply")


def _requests(said: bytes, limit: int) -> Iterator[Frame]:
    """Yield what is to be answered: all but `pong`."""
    for frame in FrameDecoder(limit).feed(said):
        if isinstance(frame, dict):
            try:
                if isinstance(parse(frame), Pong):
                    continue
            except ProtocolError:
                pass
        yield frame


def _is_farewell(reply: Message) -> bool:
    """Say whether it is a `bye` that nobody asked for."""
    return reply["type"] == "bye" and reply["reason"] != "exit"


def _fits(request: Frame, reply: Message) -> None:
    """See that `reply` can be the one to `request`."""
    if isinstance(request, ProtocolError):
        hold(reply["type"] == "error" and reply["code"] == request.code, (request, reply))
        hold("id" not in reply, reply)
        return
    command, id_ = echo(request)
    hold(reply.get("id") == id_, (request, reply))
    kinds = _REPLIES.get(command or "", set())
    hold(reply["type"] in kinds or reply["type"] == "error", (request, reply))
    hold(reply.get("code") != "internal", (request, reply))
