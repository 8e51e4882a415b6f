"""What the server says: each message to its one line of bytes.

Everything goes through the standard encoder's escaping. The two messages that are sent by the
hundred thousand, `broadcast` and `confirmation`, are filled into templates; a test holds them equal
to what `frames.encode` would make of the same fields.
"""

from collections.abc import Sequence
from json.encoder import encode_basestring as quote

from chatroom.protocol.errors import ProtocolError
from chatroom.protocol.frames import encode
from chatroom.version import VERSION

PROTOCOL = 1
"""The version of the wire contract."""

SERVER = f"chatroom/{VERSION}"


def _reply(kind: str, id: str | None) -> dict[str, object]:
    return {"type": kind} if id is None else {"type": kind, "id": id}


def welcome(id: str | None, username: str, users: Sequence[str], *, new_user: bool) -> bytes:
    """The answer to a login: who is here, and whether the account was made just now."""
    return encode(
        _reply("welcome", id)
        | {
            "username": username,
            "users": users,
            "new_user": new_user,
            "server": SERVER,
            "protocol": PROTOCOL,
            "message": f"Welcome, {username}." if new_user else f"Welcome back, {username}.",
        }
    )


def password_required(id: str | None, username: str, *, new_user: bool) -> bytes:
    """The answer to a login without a password."""
    what = "is new here; choose a password" if new_user else "is known here; send its password"
    return encode(
        _reply("password_required", id)
        | {
            "username": username,
            "new_user": new_user,
            "message": f"The name {username} {what} and log in again with it.",
        }
    )


def active_users(id: str | None, users: Sequence[str]) -> bytes:
    """The answer to WHO."""
    return encode(_reply("active_users", id) | {"users": users})


def update_users(users: Sequence[str]) -> bytes:
    """The news that somebody came or went."""
    return encode({"type": "update_users", "users": users})


def pong(id: str | None) -> bytes:
    """The answer to a ping."""
    return encode(_reply("pong", id))


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


def bye(reason: str, *, reconnect: bool, after_ms: int = 0, id: str | None = None) -> bytes:
    """The last message of a connection: why it ends, and whether and when to come back."""
    return encode(
        _reply("bye", id) | {"reason": reason, "reconnect": reconnect, "after_ms": after_ms}
    )


def stamp(epoch: str, ts: float) -> str:
    """The end of every entry that is committed at `ts` to a log of this `epoch`."""
    return f'"epoch":{quote(epoch)},"ts":{ts!r}'


def broadcast(sender: str, text: str, seq: int, prev: int, stamp: str) -> bytes:
    """A public message, as all but its sender see it.

    Args:
        sender: the sender's username, which needs no escaping.
        text: the message.
        seq: the entry's place in the log.
        prev: the place of the entry before it.
        stamp: what `stamp` made of its epoch and time.
    """
    return (
        f'{{"type":"broadcast","from":"{sender}","message":{quote(text)},'
        f'"seq":{seq},"prev":{prev},{stamp}}}\n'
    ).encode()


def direct_message(sender: str, to: str, text: str, seq: int, prev: int, stamp: str) -> bytes:
    """A private message, as its recipient sees it. The arguments are those of `broadcast`."""
    return (
        f'{{"type":"direct_message","from":"{sender}","to":"{to}","message":{quote(text)},'
        f'"seq":{seq},"prev":{prev},{stamp}}}\n'
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
