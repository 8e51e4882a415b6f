"""What the server says, byte for byte."""

import json
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatroom.protocol import events
from chatroom.protocol.errors import ErrorCode, ProtocolError
from chatroom.protocol.frames import encode
from chatroom.protocol.pages import Page, Said
from chatroom.version import VERSION

names = st.text(st.sampled_from("azAZ09-_."), min_size=1, max_size=32)
texts = st.text(st.characters(codec="utf-8"))
ids = st.none() | st.text(st.characters(codec="utf-8"), min_size=1, max_size=64)
places = st.integers(0, 2**63)
moments = st.floats(0, 1e12, allow_nan=False) | st.floats(1.6e9, 4e9).map(lambda ts: round(ts, 3))


def _said(line: bytes) -> dict[str, object]:
    """Return the object on `line`, in which no field may stand twice."""
    assert line.endswith(b"}\n")
    assert line.count(b"\n") == 1
    pairs = json.loads(line, object_pairs_hook=list)
    assert len(dict(pairs)) == len(pairs)
    found = json.loads(line)
    assert isinstance(found, dict)
    return found


# The templates.


@pytest.mark.parametrize("replay", [True, False])
@given(sender=names, text=texts, seq=places, prev=places, epoch=texts, ts=moments)
def test_a_broadcast_is_what_the_encoder_makes_of_it(
    sender: str, text: str, seq: int, prev: int, epoch: str, ts: float, *, replay: bool
) -> None:
    stamp, mark = events.stamp(epoch, ts), events.REPLAY if replay else ""
    assert events.broadcast(sender, text, seq, prev, stamp, mark=mark) == encode(
        {
            "type": "broadcast",
            "from": sender,
            "message": text,
            "seq": seq,
            "prev": prev,
            "epoch": epoch,
            "ts": ts,
        }
        | ({"replay": True} if replay else {})
    )


@pytest.mark.parametrize("replay", [True, False])
@given(sender=names, to=names, text=texts, seq=places, prev=places, epoch=texts, ts=moments)
def test_a_direct_message_is_what_the_encoder_makes_of_it(
    sender: str, to: str, text: str, seq: int, prev: int, epoch: str, ts: float, *, replay: bool
) -> None:
    stamp, mark = events.stamp(epoch, ts), events.REPLAY if replay else ""
    assert events.direct_message(sender, to, text, seq, prev, stamp, mark=mark) == encode(
        {
            "type": "direct_message",
            "from": sender,
            "to": to,
            "message": text,
            "seq": seq,
            "prev": prev,
            "epoch": epoch,
            "ts": ts,
        }
        | ({"replay": True} if replay else {})
    )


@pytest.mark.parametrize("duplicate", [True, False])
@given(command=st.sampled_from(["PM", "DM"]), id=ids, seq=places, epoch=texts, ts=moments, to=names)
def test_a_confirmation_is_what_the_encoder_makes_of_it(
    command: str, id: str | None, seq: int, epoch: str, ts: float, to: str, *, duplicate: bool
) -> None:
    line = events.confirmation(command, id, seq, events.stamp(epoch, ts), to, duplicate=duplicate)
    assert line == encode(
        {"type": "confirmation"}
        | ({} if id is None else {"id": id})
        | {
            "command": command,
            "seq": seq,
            "epoch": epoch,
            "ts": ts,
            "duplicate": duplicate,
            "message": f"Message sent to {to}",
        }
    )


def test_a_broadcast_has_what_the_requirement_shows() -> None:
    """The requirement's example is what other clients receive, with more fields."""
    line = events.broadcast("bob", "Hello, everyone!", 1, 0, events.stamp("e", 1.5))
    example = {"type": "broadcast", "from": "bob", "message": "Hello, everyone!"}
    assert _said(line).items() >= example.items()


# The others.


ENTRANCE = events.Entrance(
    "bob",
    events.users(("alice", "bob")),
    events.Standing("6f", 57, 1, 42, recovered=True),
    events.Standing("de", 0, 1, 1),
    25.0,
    35.0,
)
ENTRANCE_FIELDS = {
    "username": "bob",
    "users": ["alice", "bob"],
    "server": f"chatroom/{VERSION}",
    "protocol": 1,
    "logs": {
        "room": {"epoch": "6f", "head": 57, "oldest": 1, "from": 42, "recovered": True},
        "inbox": {"epoch": "de", "head": 0, "oldest": 1, "from": 1},
    },
    "heartbeat": {"ping": 25.0, "answer": 35.0},
}


def test_a_welcome_says_who_is_here_and_whether_the_account_is_new() -> None:
    assert _said(
        events.welcome("1", ENTRANCE, new_user=True, session="s3cret")
    ) == ENTRANCE_FIELDS | {
        "type": "welcome",
        "id": "1",
        "new_user": True,
        "session": "s3cret",
        "message": "Welcome, bob.",
    }
    back = _said(events.welcome(None, ENTRANCE, new_user=False, session=None))
    assert not {"id", "session"} & set(back)
    assert (back["new_user"], back["message"]) == (False, "Welcome back, bob.")


def test_whoever_comes_back_is_told_the_same_but_for_what_is_new() -> None:
    assert _said(events.resumed("1", ENTRANCE)) == ENTRANCE_FIELDS | {
        "type": "resumed",
        "id": "1",
        "message": "You are back, bob.",
    }


def test_a_gap_says_what_is_missing_and_why() -> None:
    assert _said(events.gap("inbox", 3, 7, "retention")) == {
        "type": "gap",
        "log": "inbox",
        "from": 3,
        "to": 7,
        "reason": "retention",
    }


def test_a_ping_names_the_heads_of_the_logs_that_it_knows() -> None:
    assert _said(events.ping(("6f", 57), ("de", 0))) == {
        "type": "ping",
        "logs": {"room": {"epoch": "6f", "head": 57}, "inbox": {"epoch": "de", "head": 0}},
    }
    assert _said(events.ping()) == {"type": "ping"}


@pytest.mark.parametrize(
    ("new_user", "sentence"),
    [
        (True, "The name bob is new here; choose a password and log in again with it."),
        (False, "Log in again with the password of bob."),
    ],
)
def test_a_missing_password_is_asked_for(*, new_user: bool, sentence: str) -> None:
    assert _said(events.password_required("1", "bob", new_user=new_user)) == {
        "type": "password_required",
        "id": "1",
        "username": "bob",
        "new_user": new_user,
        "message": sentence,
    }


def test_lists_and_signs_of_life() -> None:
    assert _said(events.active_users("7", ("a",))) == {
        "type": "active_users",
        "id": "7",
        "users": ["a"],
    }
    assert _said(events.update_users(())) == {"type": "update_users", "users": []}
    assert _said(events.pong(None)) == {"type": "pong"}


def test_a_list_is_made_once_for_all_who_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    """A flood of WHO is to cost no more than one of pings, however many are here."""
    made: list[object] = []

    def note(message: Mapping[str, object]) -> bytes:
        if "users" in message:
            made.append(message["users"])
        return encode(message)

    monkeypatch.setattr(events, "encode", note)
    names = tuple(f"user{number}" for number in range(3))
    for number in range(5):
        assert json.loads(events.active_users(f"{number}", names))["users"] == list(names)
    assert json.loads(events.update_users(names))["users"] == list(names)
    assert made == [names]


@given(said=st.lists(st.builds(Said, names, texts, places, moments), max_size=3), epoch=texts)
def test_a_page_has_what_was_said_as_everybody_saw_it(said: list[Said], epoch: str) -> None:
    """Each entry has the fields of a broadcast that are its own."""
    page = _said(events.history("7", Page("room", epoch, 70, 119, 1, said)))
    assert page | {"entries": None} == {
        "type": "history",
        "id": "7",
        "log": "room",
        "epoch": epoch,
        "from": 70,
        "to": 119,
        "oldest": 1,
        "entries": None,
    }
    shown = [
        _said(events.broadcast(one.author, one.text, one.seq, 0, events.stamp(epoch, one.ts)))
        for one in said
    ]
    kept = ("from", "message", "seq", "ts")
    assert page["entries"] == [{key: one[key] for key in kept} for one in shown]


def test_a_page_of_what_was_sent_says_to_whom() -> None:
    page = _said(events.history(None, Page("sent", "6f", 1, 0, 1, [], "bob")))
    assert (page["log"], page["to_user"], page["entries"]) == ("sent", "bob", [])
    assert "id" not in page


def test_an_error_says_all_that_is_known_and_nothing_else() -> None:
    bare = ProtocolError(ErrorCode.BAD_JSON, "That is not valid JSON.")
    assert _said(events.error(bare)) == {
        "type": "error",
        "code": "bad_json",
        "message": "That is not valid JSON.",
    }
    full = ProtocolError(ErrorCode.RATE_LIMITED, "Slow down.", field="message", retry_after=0.0)
    assert _said(events.error(full, "PM", "7")) == {
        "type": "error",
        "id": "7",
        "code": "rate_limited",
        "message": "Slow down.",
        "command": "PM",
        "field": "message",
        "retry_after": 0.0,
    }


def test_a_bye_says_why_and_whether_to_come_back() -> None:
    assert _said(events.bye("exit", reconnect=False, id="9")) == {
        "type": "bye",
        "id": "9",
        "reason": "exit",
        "reconnect": False,
        "after_ms": 0,
    }
    assert _said(events.bye("shutting_down", reconnect=True, after_ms=500)) == {
        "type": "bye",
        "reason": "shutting_down",
        "reconnect": True,
        "after_ms": 500,
    }
    assert _said(events.bye("kicked", reconnect=False, message="You were shown out.")) == {
        "type": "bye",
        "reason": "kicked",
        "reconnect": False,
        "after_ms": 0,
        "message": "You were shown out.",
    }
