"""The control socket: each frame gets one reply, and no frame ends the thread that answers."""

import json

from chatroom.auth.accounts import Accounts
from chatroom.auth.administration import ACTIONS
from chatroom.auth.bans import Bans
from chatroom.auth.desk import Desk
from chatroom.auth.invites import Invites
from chatroom.auth.passwords import Passwords
from chatroom.auth.registration import Registration
from chatroom.log.base import Change, Outcome
from chatroom.log.memory import MemoryStore
from chatroom.protocol.frames import FrameDecoder
from chatroom.server.control import Control
from fuzzing.seeds import SHORT_CASES, TOKENS
from fuzzing.target import Target, hold

_PASSWORDS = Passwords(1, 8, 1)  # it keeps nothing, so all inputs share it


class _Answering(Control):
    """Answers without a socket."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def answer(self, data: bytes) -> bytes:
        frames = FrameDecoder(65536).feed(data)
        replies = [self._reply(frame, "system user 0") for frame in frames]
        for reply in replies:
            hold(reply.endswith(b"}\n") and reply.count(b"\n") == 1, reply)
            hold(json.loads(reply)["type"] in {"done", "error"}, reply)
        return b"".join(replies)


def run(data: bytes) -> None:
    """Answer the requests in `data`, about the data of a new server."""
    store = MemoryStore()

    def commit(change: Change) -> Outcome:
        return store.commit([change])[0]

    invites = Invites(store.invites(), commit)
    registration = Registration("invite", invites)
    accounts = Accounts(
        store.accounts(), commit, _PASSWORDS, username_length=32, registration=registration
    )
    bans = Bans(store.bans(), commit)
    _Answering(Desk(accounts, bans, invites, registration)).answer(data)


def _request(command: str, **fields: object) -> bytes:
    return json.dumps({"command": command} | fields).encode()


_SECRET = "secret"  # noqa: S105 - nobody's

_CONVERSATION = b"\n".join(
    (
        _request("users_add", username="alice", password=_SECRET),
        _request("users_list"),
        _request("users_ban", who="alice", reason="rude", seconds=60),
        _request("users_ban", who="203.0.113.0/24"),
        _request("users_ban", who="2001:db8::1", seconds=1),
        _request("users_bans"),
        _request("users_unban", who="alice", is_account=True),
        _request("users_kick", username="alice", reason="go"),
        _request("users_passwd", username="alice", password=_SECRET),
        _request("invite_make", seconds=60, count=2),
        _request("invite_list"),
        _request("invite_revoke", invite="ABCD"),
        _request("users_remove", username="alice"),
    )
)

TARGET = Target(
    run,
    (_CONVERSATION, *_CONVERSATION.split(b"\n"), *SHORT_CASES),
    (
        *TOKENS,
        *(f'{{"command":"{name}",'.encode() for name in ACTIONS),
        b'"who":"::/0"',
        b'"reason":"',
        b'"seconds":1e300',
        b'"count":100',
        b'"is_account":true',
    ),
    longest=2048,
)
