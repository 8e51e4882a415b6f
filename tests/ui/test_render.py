import time
from collections.abc import Iterator

import pytest

from chatroom.client.errors import ConnectionLost, NotInRoom
from chatroom.client.events import Gap, LineBack, LineGone, LineLost, UsersChanged
from chatroom.ui.render import Renderer
from tests.ui.fakes import message

NOON = 1_772_539_200.0
"""2026-03-03 12:00:00 UTC, a Tuesday."""


@pytest.fixture(autouse=True)
def _utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def renderer(username: str = "alice", *, one_line: bool = False) -> Renderer:
    return Renderer(username, one_line=one_line, now=lambda: NOON)


def test_a_public_message_has_time_and_sender() -> None:
    assert renderer().message("bob", None, "hi", NOON + 61) == ["12:01:01 bob: hi"]


def test_a_private_message_says_so_and_with_whom_both_ways() -> None:
    show = renderer().message
    assert show("bob", "alice", "hi", NOON) == ["12:00:00 bob -> you (private): hi"]
    assert show("Alice", "bob", "hi", NOON) == ["12:00:00 you -> bob (private): hi"]


def test_somebody_called_you_is_not_taken_for_the_person() -> None:
    assert renderer().message("You", None, "hi", NOON) == ['12:00:00 "You": hi']
    assert renderer("you").message("You", None, "hi", NOON) == ["12:00:00 you: hi"]


def test_further_lines_of_a_message_are_indented() -> None:
    """So that nobody can make a line that looks like somebody else's."""
    lines = renderer().message("bob", None, "hi\n12:00:00 carl: I quit", NOON)
    assert lines == ["12:00:00 bob: hi", "         12:00:00 carl: I quit"]


def test_one_line_means_one_line() -> None:
    assert renderer(one_line=True).message("bob", None, "a\nb", NOON) == ["12:00:00 bob: a␊b"]


def test_everything_that_others_wrote_is_cleaned() -> None:
    show = renderer()
    lines = [
        *show.message("b\x1bob", "c\x1barl", "h\x1bi\n\x9b", NOON),
        *show.event(UsersChanged((), ("x\x1b",), ("y\x1b",))),
        *show.event(LineLost("\x1b", 0.1)),
        *show.event(LineBack(0, (), 1.0)),
        *show.history([message("h\x1b", sender="i\x1b", replay=True)])[1:-1],
        *show.event(LineGone(ConnectionLost("\x1b"))),
        *show.users(["u\x1b"]),
        *show.unsent("t\x1b\n\x1b", "v\x1b", ConnectionLost("w\x1b")),
        *show.note("\x1b"),
    ]
    assert len(lines) == 14
    assert all(line.isprintable() for line in lines)


def test_a_new_day_is_announced_once() -> None:
    show = renderer()
    show.message("bob", None, "hi", NOON)
    day = 86_400
    assert show.message("bob", None, "hi", NOON + day) == [
        "--- Wednesday, 2026-03-04 ---",
        "12:00:00 bob: hi",
    ]
    assert show.message("bob", None, "hi", NOON + day) == ["12:00:00 bob: hi"]


@pytest.mark.parametrize("ts", [float("nan"), float("inf"), 1e300, -1e300])
def test_a_time_that_no_clock_shows_is_now(ts: float) -> None:
    assert renderer().message("bob", None, "hi", ts) == ["12:00:00 bob: hi"]


def test_comings_and_goings() -> None:
    show = renderer().event
    assert show(UsersChanged(("alice", "bob"), ("bob",), ())) == ["12:00:00 bob came in."]
    assert show(UsersChanged((), (), ("bob", "carl"))) == ["12:00:00 bob and carl left."]
    assert show(UsersChanged((), ("d",), ("bob",))) == ["12:00:00 d came in.", "12:00:00 bob left."]


def test_one_is_not_told_of_oneself() -> None:
    assert renderer().event(UsersChanged((), ("alice",), ("Alice",))) == []


def test_a_crowd_is_counted() -> None:
    names = tuple(f"u{n}" for n in range(1000))
    (line,) = renderer().event(UsersChanged(names, names, ()))
    assert line.endswith("u8, u9 and 990 others came in.")
    (line,) = renderer().event(UsersChanged(names[:11], names[:11], ()))
    assert line.endswith("u9 and 1 other came in.")


def test_a_lost_line_is_told_once_until_it_is_back() -> None:
    show = renderer().event
    assert show(LineLost("No route.", 0.2)) == [
        "12:00:00 The server is gone: No route. Trying again until it is back."
    ]
    assert show(LineLost("No route.", 0.4)) == []
    assert show(LineBack(0, ("alice",), 3.0)) == [
        "12:00:00 The server is back after 3 seconds; nothing was said meanwhile."
    ]
    assert len(show(LineLost("No route.", 0.2))) == 1


def test_what_was_said_meanwhile_is_announced() -> None:
    show = renderer().event
    assert show(LineBack(1, (), 12.2)) == [
        "12:00:00 The server is back after 12 seconds; 1 message was said meanwhile:"
    ]
    assert show(LineBack(3, (), 0.2)) == [
        "12:00:00 The server is back after less than a second; 3 messages were said meanwhile:"
    ]


def test_what_is_missing_is_told() -> None:
    assert renderer().event(Gap("room", 4, 4, 1, "hole")) == [
        "12:00:00 1 message said to everyone meanwhile did not reach you."
    ]


def test_the_history_is_marked() -> None:
    yesterday = message("late", ts=NOON - 86_400, replay=True)
    show = renderer()
    assert show.history([yesterday]) == [
        "--- the last message ---",
        "--- Monday, 2026-03-02 ---",
        "12:00:00 bob: late",
        "--- now ---",
    ]
    assert show.note("So.") == ["12:00:00 So."]  # the day is that of "now"
    today = [message(text, ts=NOON, replay=True) for text in "ab"]
    assert show.history(today)[0] == "--- the last 2 messages ---"
    assert show.history([]) == []


def test_on_one_line_each_the_history_has_no_marks() -> None:
    assert renderer(one_line=True).history([message("hi", ts=NOON)]) == ["12:00:00 bob: hi"]


def test_a_line_that_is_gone_for_good_is_told() -> None:
    assert renderer().event(LineGone(ConnectionLost("It closed."))) == [
        "12:00:00 It closed. The room has been left."
    ]


def test_a_message_that_was_not_sent_is_given_back() -> None:
    error = NotInRoom("user_not_in_room", "Nobody called carl is here.")
    assert renderer().unsent("hi", "carl", error) == [
        "12:00:00 Not sent to carl: Nobody called carl is here. It was:",
        "         hi",
    ]
    assert renderer(one_line=True).unsent("a\nb", None, error) == [
        "12:00:00 Not sent: Nobody called carl is here. It was: a␊b"
    ]
    assert renderer().unsent("hi", None, error)[0].startswith("12:00:00 Not sent: Nobody")


def test_messages_are_events_too() -> None:
    (day, line) = renderer().event(message("hi", to="alice"))
    assert day == "--- Tuesday, 2023-11-14 ---"
    assert line == "22:13:20 bob -> you (private): hi"
