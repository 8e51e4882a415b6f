"""What the server says: each message to its one line of bytes.

Everything goes through the standard encoder's escaping. The two messages that are sent by the
hundred thousand, `broadcast` and `confirmation`, are filled into templates; a test holds them equal
to what `frames.encode` would make of the same fields.
"""

from functools import lru_cache
from json.encoder import encode_basestring as quote
from typing import Literal, NamedTuple

from chatroom.protocol.errors import ProtocolError
from chatroom.protocol.frames import encode
from chatroom.protocol.pages import Page
from chatroom.version import VERSION

PROTOCOL = 1
"""The version of the wire contract."""

SERVER = f"chatroom/{VERSION}"

GapReason = Literal["epoch", "retention", "ahead"]
"""Why entries are missing: the log is another incarnation, they are no longer kept, or the client
is ahead of the log."""

REPLAY = ',"replay":true'
"""The end of an entry that was said before the connection was there."""


def _reply(kind: str, id: str | None) -> dict[str, object]:
    return {"type": kind} if id is None else {"type": kind, "id": id}


class Standing(NamedTuple):
    """What a client is told of a log when it comes in."""

    epoch: str
    """Which incarnation it is."""
    head: int
    """The place of its newest entry, 0 when there is none."""
    oldest: int
    """The place of the oldest entry that is kept, `head` + 1 when there is none."""
    first: int
    """The place of the first entry that this connection is sent."""
    recovered: bool | None = None
    """Whether nothing is missing since the client's position; None where it gave none."""

    def fields(self) -> dict[str, object]:
        """Return it as it stands on the wire."""
        fields: dict[str, object] = {
            "epoch": self.epoch,
            "head": self.head,
            "oldest": self.oldest,
            "from": self.first,
        }
        return fields if self.recovered is None else fields | {"recovered": self.recovered}


class Entrance(NamedTuple):
    """What a client is told when it comes in, whether by a password or by a session."""

    username: str
    """The name as it was registered."""
    users: bytes
    """Who is here, as `users` has made it."""
    room: Standing
    """The public messages."""
    inbox: Standing
    """The direct messages to this user."""
    ping: float
    """How many seconds a connection may say nothing before it is asked for a sign of life."""
    answer: float
    """How many seconds it has to give one."""

    def fields(self, sentence: str) -> dict[str, object]:
        """Return it as it stands on the wire, with a sentence for a person."""
        return {
            "username": self.username,
            "server": SERVER,
            "protocol": PROTOCOL,
            "logs": {"room": self.room.fields(), "inbox": self.inbox.fields()},
            "heartbeat": {"ping": self.ping, "answer": self.answer},
            "message": sentence,
        }


def welcome(id: str | None, entrance: Entrance, *, new_user: bool, session: str | None) -> bytes:
    """The answer to a login.

    Args:
        id: the client's own name for its request, None where it gave none.
        entrance: what it is told.
        new_user: whether the account was made just now.
        session: what it can come back by, None when that could not be stored.
    """
    name = entrance.username
    fields = entrance.fields(f"Welcome, {name}." if new_user else f"Welcome back, {name}.")
    secret = {} if session is None else {"session": session}
    return _with_users(
        _reply("welcome", id) | fields | {"new_user": new_user} | secret, entrance.users
    )


def resumed(id: str | None, entrance: Entrance) -> bytes:
    """The answer to `resume`. The arguments are those of `welcome`."""
    fields = entrance.fields(f"You are back, {entrance.username}.")
    return _with_users(_reply("resumed", id) | fields, entrance.users)


def gap(log: str, first: int, last: int, reason: GapReason) -> bytes:
    """The news that entries are missing.

    Args:
        log: "room" or "inbox".
        first: the place of the first one.
        last: the place of the last one; before `first` where the log is another one and yet
            nothing is missing.
        reason: why.
    """
    return encode({"type": "gap", "log": log, "from": first, "to": last, "reason": reason})


def ping(room: tuple[str, int] | None = None, inbox: tuple[str, int] | None = None) -> bytes:
    """The question whether the client is still there.

    Args:
        room: the epoch and head of the room's log; None where the client is behind.
        inbox: the same for its inbox.
    """
    known = {"room": room, "inbox": inbox}
    logs = {log: {"epoch": at[0], "head": at[1]} for log, at in known.items() if at is not None}
    return encode({"type": "ping", "logs": logs} if logs else {"type": "ping"})


def password_required(id: str | None, username: str, *, new_user: bool) -> bytes:
    """The answer to a login without a password."""
    sentence = (
        f"The name {username} is new here; choose a password and log in again with it."
        if new_user
        else f"Log in again with the password of {username}."
    )
    return encode(
        _reply("password_required", id)
        | {
            "username": username,
            "new_user": new_user,
            "message": sentence,
        }
    )


@lru_cache(2)
def users(names: tuple[str, ...]) -> bytes:
    """The list of those who are here, as the last field of whatever message has it.

    Any thread may ask; it is made once while nobody comes or goes.
    """
    return encode({"users": names})[1:]


def _with_users(fields: dict[str, object], users: bytes) -> bytes:
    return encode(fields)[:-2] + b"," + users


def active_users(id: str | None, names: tuple[str, ...]) -> bytes:
    """The answer to WHO."""
    return _with_users(_reply("active_users", id), users(names))


def update_users(names: tuple[str, ...]) -> bytes:
    """The news that somebody came or went."""
    return _with_users({"type": "update_users"}, users(names))


def pong(id: str | None) -> bytes:
    """The answer to a ping."""
    return encode(_reply("pong", id))


def history(id: str | None, page: Page) -> bytes:
    """The answer to `history`."""
    return encode(_reply("history", id) | page.fields())


def error(problem: ProtocolError, command: str | None = None, id: str | None = None) -> bytes:
    """The answer to what could not be done."""
    fields = {
        "code": problem.code.value,
        "message": problem.message,
        "command": command,
        "field": problem.field,
        "retry_after": problem.retry_after,
    }
    return encode(
        _reply("error", id) | {key: value for key, value in fields.items() if value is not None}
    )


def bye(
    reason: str,
    *,
    reconnect: bool,
    after_ms: int = 0,
    id: str | None = None,
    message: str | None = None,
) -> bytes:
    """The last message of a connection.

    Args:
        reason: why it ends.
        reconnect: whether to come back.
        after_ms: how many milliseconds to stay away at least.
        id: the client's own name for its request, None where it gave none.
        message: a sentence for the person; None where the reason says all.
    """
    fields = {"reason": reason, "reconnect": reconnect, "after_ms": after_ms}
    sentence = {} if message is None else {"message": message}
    return encode(_reply("bye", id) | fields | sentence)


def stamp(epoch: str, ts: float) -> str:
    """The end of every entry that is committed at `ts` to a log of this `epoch`."""
    return f'"epoch":{quote(epoch)},"ts":{ts!r}'


def broadcast(sender: str, text: str, seq: int, prev: int, stamp: str, *, mark: str = "") -> bytes:
    """A public message, as all but its sender see it.

    Args:
        sender: the sender's username, which needs no escaping.
        text: the message.
        seq: the entry's place in the log.
        prev: the place of the entry before it.
        stamp: what `stamp` made of its epoch and time.
        mark: `REPLAY` for one that was said before the connection was there.
    """
    return (
        f'{{"type":"broadcast","from":"{sender}","message":{quote(text)},'
        f'"seq":{seq},"prev":{prev},{stamp}{mark}}}\n'
    ).encode()


def direct_message(
    sender: str, to: str, text: str, seq: int, prev: int, stamp: str, *, mark: str = ""
) -> bytes:
    """A private message, as its recipient sees it. The arguments are those of `broadcast`."""
    return (
        f'{{"type":"direct_message","from":"{sender}","to":"{to}","message":{quote(text)},'
        f'"seq":{seq},"prev":{prev},{stamp}{mark}}}\n'
    ).encode()


def confirmation(
    command: str,
    id: str | None,
    seq: int,
    stamp: str,
    to: str,
    *,
    duplicate: bool,
) -> bytes:
    """The answer to PM and DM once the message is committed.

    Args:
        command: what is answered, "PM" or "DM".
        id: the client's own name for it, None where it gave none.
        seq: the entry's place in its log.
        stamp: what `stamp` made of its epoch and time.
        to: whom the message reaches, for the sentence: "the room" or a username.
        duplicate: whether the log had the entry already.
    """
    echo = "" if id is None else f'"id":{quote(id)},'
    return (
        f'{{"type":"confirmation",{echo}"command":"{command}","seq":{seq},{stamp},'
        f'"duplicate":{"true" if duplicate else "false"},"message":"Message sent to {to}"}}\n'
    ).encode()
