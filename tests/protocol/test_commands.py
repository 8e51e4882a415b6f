"""From a frame to a command, and to a reason why it is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatroom.protocol.commands import (
    MAX_HISTORY,
    MAX_ID,
    MAX_PAGE,
    MAX_PLACE,
    Command,
    Echo,
    Exit,
    History,
    Login,
    Ping,
    Place,
    Places,
    Pong,
    Resume,
    Say,
    Whisper,
    Who,
    echo,
    parse,
)
from chatroom.protocol.errors import ErrorCode, ProtocolError


def _refusal(frame: dict[str, object]) -> ProtocolError:
    with pytest.raises(ProtocolError) as caught:
        parse(frame)
    return caught.value


@pytest.mark.parametrize(
    ("frame", "command"),
    [
        ({"command": "login", "username": "bob"}, Login(username="bob")),
        (
            {"command": "Login", "username": "bob", "password": "secret", "id": "1"},
            Login(username="bob", password="secret", id="1"),
        ),
        (
            {"command": "login", "username": "bob", "invite": "K7Q2-9XBT"},
            Login(username="bob", invite="K7Q2-9XBT"),
        ),
        (
            {"command": "login", "username": "bob", "history": 50, "logs": None},
            Login(username="bob", history=50),
        ),
        (
            {
                "command": "RESUME",
                "session": "abc",
                "logs": {"room": {"epoch": "6f", "after": 41, "more": 1}, "inbox": None, "x": 1},
            },
            Resume(session="abc", logs=Places(room=Place("6f", 41))),
        ),
        ({"command": "pong"}, Pong()),
        ({"command": "PM", "message": "hello"}, Say(message="hello")),
        ({"command": "dm", "to": "bob", "message": "psst"}, Whisper(to="bob", message="psst")),
        ({"command": "who", "id": "w"}, Who(id="w")),
        ({"command": "History", "log": "room"}, History(log="room")),
        (
            {"command": "history", "log": "sent", "to": "bob", "before": 1, "limit": MAX_PAGE},
            History(log="sent", to="bob", before=1, limit=MAX_PAGE),
        ),
        (
            {"command": "history", "log": "inbox", "to": None, "before": None, "limit": None},
            History(log="inbox"),
        ),
        ({"command": "EX"}, Exit()),
        ({"command": "pInG", "unknown": {"id": 5}}, Ping()),
    ],
)
def test_a_frame_becomes_the_command_it_asks_for(
    frame: dict[str, object], command: Command
) -> None:
    assert parse(frame) == command


@pytest.mark.parametrize(
    ("frame", "code", "field"),
    [
        ({}, ErrorCode.BAD_FRAME, None),
        ({"command": 1}, ErrorCode.BAD_FRAME, None),
        ({"command": "SHOUT"}, ErrorCode.UNKNOWN_COMMAND, "command"),
        ({"command": "PM"}, ErrorCode.MISSING_FIELD, "message"),
        ({"command": "DM", "message": "x"}, ErrorCode.MISSING_FIELD, "to"),
        ({"command": "PM", "message": None}, ErrorCode.INVALID_FIELD, "message"),
        ({"command": "login", "username": "x", "password": 1}, ErrorCode.INVALID_FIELD, "password"),
        ({"command": "login", "username": "x", "invite": 1}, ErrorCode.INVALID_FIELD, "invite"),
        ({"command": "resume"}, ErrorCode.MISSING_FIELD, "session"),
        ({"command": "resume", "session": "x", "logs": []}, ErrorCode.INVALID_FIELD, "logs"),
        ({"command": "history"}, ErrorCode.MISSING_FIELD, "log"),
        ({"command": "history", "log": "sent"}, ErrorCode.MISSING_FIELD, "to"),
        ({"command": "history", "log": "sent", "to": None}, ErrorCode.MISSING_FIELD, "to"),
        ({"command": "history", "log": "sent", "to": 1}, ErrorCode.INVALID_FIELD, "to"),
        ({"command": "history", "log": "outbox"}, ErrorCode.INVALID_FIELD, "log"),
        ({"command": "history", "log": "\ud800"}, ErrorCode.INVALID_FIELD, "log"),
        ({"command": "WHO", "id": ""}, ErrorCode.INVALID_FIELD, "id"),
        ({"command": "WHO", "id": "x" * (MAX_ID + 1)}, ErrorCode.INVALID_FIELD, "id"),
        ({"command": "WHO", "id": "\ud800"}, ErrorCode.INVALID_FIELD, "id"),
        ({"command": "WHO", "id": 1}, ErrorCode.INVALID_FIELD, "id"),
    ],
)
def test_a_refusal_names_code_and_field(
    frame: dict[str, object], code: ErrorCode, field: str | None
) -> None:
    refusal = _refusal(frame)
    assert (refusal.code, refusal.field) == (code, field)


@pytest.mark.parametrize(
    "place",
    [
        None,
        {"epoch": "6f"},
        {"after": 1},
        {"epoch": "", "after": 1},
        {"epoch": "x" * 65, "after": 1},
        {"epoch": "\ud800", "after": 1},
        {"epoch": "a b", "after": 1},
        {"epoch": "6f\n", "after": 1},
        {"epoch": 6, "after": 1},
        {"epoch": "6f", "after": -1},
        {"epoch": "6f", "after": MAX_PLACE + 1},
        {"epoch": "6f", "after": 10**4299},
        {"epoch": "6f", "after": 1.5},
        {"epoch": "6f", "after": True},
        {"epoch": "6f", "after": "1"},
        {"epoch": "6f", "after": "\ud800"},
        "6f",
        "\ud800",
    ],
    ids=repr,
)
def test_a_place_in_a_log_is_an_epoch_and_a_number(place: object) -> None:
    """None is the one of them that can stand: it is no place at all."""
    frame: dict[str, object] = {"command": "resume", "session": "x", "logs": {"room": place}}
    if place is None:
        assert parse(frame) == Resume(session="x", logs=Places())
    else:
        assert _refusal(frame).field == "logs"


@pytest.mark.parametrize(
    "history", [-1, MAX_HISTORY + 1, 10**4299, 0.5, True, "5", "\ud800", []], ids=repr
)
def test_a_history_has_a_bound(history: object) -> None:
    refusal = _refusal({"command": "login", "username": "x", "history": history})
    assert refusal.message == "The field 'history' must be a whole number from 0 to 1000."


@pytest.mark.parametrize("number", [0, -1, 10**4299, 1.5, True, "5", "\ud800", []], ids=repr)
@pytest.mark.parametrize(("field", "most"), [("before", MAX_PLACE), ("limit", MAX_PAGE)])
def test_a_page_begins_at_a_place_and_has_a_bound(field: str, most: int, number: object) -> None:
    frame: dict[str, object] = {"command": "history", "log": "room"}
    for wrong in (number, most + 1):
        refusal = _refusal(frame | {field: wrong})
        assert refusal.message == f"The field '{field}' must be a whole number from 1 to {most}."
    assert getattr(parse(frame | {field: most}), field) == most


@pytest.mark.parametrize(
    ("frame", "field"),
    [
        ({"command": "login", "username": "x", "password": None, "id": 5}, "id"),
        ({"command": "PM", "message": 5, "id": None}, "message"),
        ({"command": "login", "password": None}, "username"),
    ],
)
def test_null_where_a_field_may_be_missing_is_not_blamed(
    frame: dict[str, object], field: str
) -> None:
    assert _refusal(frame).field == field


def test_a_refusal_is_a_sentence_that_names_the_field() -> None:
    assert _refusal({"command": "dm"}).message == "DM needs the field 'to'."
    assert (
        _refusal({"command": "PM", "message": 1}).message == "The field 'message' must be a text."
    )


@pytest.mark.parametrize(
    ("frame", "found"),
    [
        ({"command": "pm", "id": "7", "message": 1}, Echo("PM", "7")),
        ({"command": "SHOUT", "id": "7"}, Echo(None, "7")),
        ({"command": "PM", "id": ""}, Echo("PM", None)),
        ({"command": ["PM"], "id": 7}, Echo(None, None)),
        ({"id": "\udfff"}, Echo(None, None)),
        ({}, Echo(None, None)),
    ],
)
def test_the_echo_has_what_is_usable_of_a_refused_frame(
    frame: dict[str, object], found: Echo
) -> None:
    assert echo(frame) == found


@given(
    st.dictionaries(
        st.sampled_from(
            [
                *("command", "id", "username", "password", "invite", "message", "to", "session"),
                *("logs", "log", "before", "limit"),
            ]
        ),
        st.sampled_from(["login", "resume", "PM", "DM", "who", "EX", "ping", "pong", "", "\ud800"])
        | st.sampled_from(["history", "room", "sent"])
        | st.fixed_dictionaries(
            {},
            optional={
                "room": st.fixed_dictionaries({"epoch": st.text(), "after": st.integers()}),
                "inbox": st.none(),
            },
        )
        | st.none()
        | st.integers()
        | st.booleans()
        | st.text(max_size=3)
        | st.lists(st.none(), max_size=1)
        | st.dictionaries(st.text(max_size=1), st.none(), max_size=1),
    )
)
def test_any_frame_is_a_command_or_refused_for_a_field_that_is_at_fault(
    frame: dict[str, object],
) -> None:
    """Whatever the types of the fields: no other exception, and never blame on a good field."""
    try:
        command = parse(frame)
    except ProtocolError as error:
        _hold_just(error, frame)
    else:
        assert echo(frame) == (command.name, frame.get("id"))


def _hold_just(refusal: ProtocolError, frame: dict[str, object]) -> None:
    """Hold that `refusal` blames `frame` for what is wrong with it."""
    if refusal.code is ErrorCode.MISSING_FIELD:
        assert refusal.field not in frame or (refusal.field, frame["to"]) == ("to", None)
    elif refusal.code is ErrorCode.INVALID_FIELD:
        assert refusal.field in frame
        texts = {"username", "password", "invite", "message", "to", "session"}
        assert refusal.field not in texts or not isinstance(frame[refusal.field], str)
    else:
        assert refusal.code in (ErrorCode.BAD_FRAME, ErrorCode.UNKNOWN_COMMAND)
