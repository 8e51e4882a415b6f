"""The client's side of a hostile server: what it says leads to events, or to a broken line.

Nothing else comes out of the library, and nothing of it can be obeyed by the terminal. The first
byte of an input says whether the server has said a proper welcome before the rest. What breaks the
line is passed over, so that what comes behind it counts too.
"""

import json

from chatroom.client.dispatch import Dispatcher
from chatroom.client.errors import ChatroomError
from chatroom.client.events import Event
from chatroom.client.handover import Handover
from chatroom.client.handshake import _judge
from chatroom.client.inbox import Inbox
from chatroom.client.line import Line
from chatroom.client.outbox import Outbox
from chatroom.client.pending import Pending
from chatroom.client.places import Places
from chatroom.client.wire import LineBroken, Welcome
from chatroom.protocol.frames import Frame, FrameDecoder
from chatroom.ui.render import Renderer
from fuzzing.seeds import SHORT_CASES, TOKENS
from fuzzing.target import Target, harmless, hold, nothing_logged

BEHIND = b"\1"
_LONGEST = 1 << 20


class _NoLine(Line):
    """Stands for a line in what is said to a person."""

    def __init__(self) -> None:
        self.address = "chat.example.org:12345"  # type: ignore[assignment]  # it is only shown


def run(data: bytes) -> None:
    """Log in to a server that says `data`, and listen to it."""
    welcome = _WELCOME if data[:1] == BEHIND else b""
    frames = FrameDecoder(_LONGEST).feed(welcome + data[1:])
    with nothing_logged():
        try:
            _listen(frames)
        except (LineBroken, ChatroomError) as error:
            _tell(error)


def _tell(error: LineBroken | ChatroomError) -> None:
    for line in Renderer("alice").note(str(error)):
        harmless(line)


def _listen(frames: list[Frame]) -> None:
    welcome = None
    while frames and welcome is None:
        welcome = _judge(frames.pop(0), _NoLine())
    if welcome is None:
        return
    for renderer in (Renderer("alice"), Renderer("alice", one_line=True)):
        _follow(welcome, frames, renderer)


def _follow(welcome: Welcome, frames: list[Frame], renderer: Renderer) -> None:
    def tell(event: Event) -> None:
        for line in renderer.event(event):
            harmless(line)
            hold(line, event)

    for line in renderer.users(welcome.users):
        harmless(line)
    places, pending = Places({}, ask_again=True), Pending(10)
    handover = Handover(Inbox(10), pending, tell, None)
    dispatcher = Dispatcher(places, handover, pending, Outbox(pending))
    places.enter(welcome.logs)
    handover.begin(lambda: None)
    for frame in frames:
        try:
            dispatcher.take([frame])
        except LineBroken as error:
            _tell(error)


def _frame(kind: str, **fields: object) -> bytes:
    return json.dumps({"type": kind} | fields).encode() + b"\n"


_LOG = {"epoch": "e", "head": 1, "oldest": 1, "from": 2}
_WELCOME = _frame(
    "welcome", username="alice", users=["alice"], logs={"room": _LOG, "inbox": _LOG}, session="s"
)
_BAD = "\x1b]52;c;aGk=\x07\u202e\x9b2J\u200b\n\ud800"
_SAID = {"from": "bob", "message": "hello", "seq": 2, "prev": 1, "epoch": "e", "ts": 1.5}
_NEWS = (
    _frame("broadcast", **_SAID),
    _frame("direct_message", to="alice", **_SAID),
    _frame("update_users", users=["alice", "bob"]),
    _frame("active_users", users=["bob"], id="1"),
    _frame("confirmation", command="PM", seq=2, epoch="e", ts=1.5, id="1"),
    _frame("gap", **{"log": "room", "from": 2, "to": 5, "reason": "retention"}),
    _frame("ping", logs={"room": {"epoch": "e", "head": 9}}),
    _frame("error", code="rate_limited", message="Slower.", id="1", retry_after=1),
    _frame("bye", reason="kicked", reconnect=False, after_ms=0, message="Go."),
)

_HOSTILE = (
    _frame("broadcast", **_SAID | {"from": _BAD}),
    _frame("broadcast", **_SAID | {"message": _BAD}),
    _frame("direct_message", **_SAID | {"to": _BAD, "message": _BAD, "ts": 1e300}),
    _frame("update_users", users=["alice", _BAD]),
    _frame("gap", **{"log": "room", "from": 2, "to": 5, "reason": _BAD}),
    _frame("error", code=_BAD, message=_BAD),
    _frame("bye", reason=_BAD, message=_BAD),
)

TARGET = Target(
    run,
    (
        *(BEHIND + frame for frame in (*_NEWS, *_HOSTILE)),
        BEHIND + b"".join(_NEWS),
        b"\0" + _WELCOME + b"".join(_NEWS),
        b"\0" + _frame("welcome", username=_BAD, users=[_BAD]),
        b"\0" + _frame("password_required", username="alice", new_user=True),
        *(b"\0" + frame for frame in _HOSTILE),
        *(b"\0" + case for case in SHORT_CASES[:20]),
    ),
    (
        *TOKENS,
        *(b'{"type":"' + json.loads(frame)["type"].encode() + b'",' for frame in _NEWS),
        _WELCOME,
        b'"seq":',
        b'"ts":1e300',
        b'"ts":-1e300',
        b'"from":"',
        b"\\u001b",
        b"\\u202e",
    ),
    longest=1024,
)
