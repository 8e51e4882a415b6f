"""The talk at a terminal, with keys from a pipe and a room in the test's hands."""

import threading
from collections.abc import Callable, Iterator

import pytest
from prompt_toolkit.input import create_pipe_input

from chatroom.client.errors import ChatroomError, ConnectionLost, LoginRefused, Unreachable
from chatroom.client.events import Event, LineGone
from chatroom.client.room import Room
from chatroom.ui.interactive import PROMPT, talk
from chatroom.ui.terminal import Terminal
from tests.ui.fakes import FakeRoom, confirm, keep, replayed
from tests.ui.test_pipe import as_room
from tests.ui.test_terminal import Desk


@pytest.fixture
def desk() -> Iterator[Desk]:
    with create_pipe_input() as keys:
        yield Desk(keys)


def run(desk: Desk, keys: str, room: FakeRoom) -> int:
    """Lets a person hit some keys, and Ctrl-D in the end."""
    desk.keys.send_text(keys + "\x04")
    return talk(lambda *_: as_room(room), desk.terminal)


@pytest.mark.parametrize(
    ("keys", "sent"),
    [
        ("PM hello\r", ("hello", None)),
        ("DM bob hi\r", ("hi", "bob")),
        ("pm\rhello\r", ("hello", None)),
        ("DM bob\rhi\r", ("hi", "bob")),
        ("DM\r2\rhi\r", ("hi", "carl")),
        ("DM\rCARL\rhi\r", ("hi", "CARL")),
        ("DM\rca\t\rhi\r", ("hi", "carl")),
    ],
)
def test_messages(desk: Desk, keys: str, sent: tuple[str, str | None]) -> None:
    room = FakeRoom("alice", ("alice", "bob", "carl"))
    assert run(desk, keys, room) == 0
    assert room.sent == [sent]
    assert room.closed


def test_bare_dm_shows_who_there_is_to_pick_from(desk: Desk) -> None:
    run(desk, "DM\r\r", FakeRoom("alice", ("alice", "bob", "carl")))
    drawn = desk.paper.getvalue()
    assert "  1  bob\n  2  carl\n" in drawn
    assert "Nothing was sent." in drawn


@pytest.mark.parametrize("number", ["0", "3", "9" * 5000])
def test_a_number_beyond_the_list_is_refused_at_once(desk: Desk, number: str) -> None:
    room = FakeRoom("alice", ("alice", "bob", "carl"))
    run(desk, f"DM\r{number}\r", room)
    assert room.sent == []
    drawn = desk.paper.getvalue()
    assert f"There is no {number[:9]}" in drawn
    assert "Message to" not in drawn


def test_a_name_that_is_a_number_can_be_picked(desk: Desk) -> None:
    room = FakeRoom("alice", ("7", "alice"))
    run(desk, "DM\r7\rhi\r", room)
    assert room.sent == [("hi", "7")]


def test_tab_completes_nothing_in_a_message(desk: Desk) -> None:
    room = FakeRoom("alice", ("alice", "bob"))
    run(desk, "DM\rb\t\rb\t\r", room)
    assert room.sent == [("b", "bob")]


def test_bare_dm_without_anybody(desk: Desk) -> None:
    run(desk, "DM\r", FakeRoom("alice", ("alice",)))
    assert "Nobody else is here" in desk.paper.getvalue()


def test_an_empty_message_is_not_sent(desk: Desk) -> None:
    room = FakeRoom()
    run(desk, "PM\r \r", room)
    assert room.sent == []
    assert "Nothing was sent." in desk.paper.getvalue()


def test_a_line_that_is_no_operation_is_explained_and_not_sent(desk: Desk) -> None:
    room = FakeRoom()
    run(desk, "\rhello\r", room)
    assert room.sent == []
    assert '"hello" is no operation; type PM hello' in desk.paper.getvalue()


def test_who(desk: Desk) -> None:
    run(desk, "WHO\r", FakeRoom())
    assert desk.paper.getvalue().count("In the room (2): alice (you), bob") == 2


def test_help_is_shown_at_the_beginning_and_on_request(desk: Desk) -> None:
    run(desk, "HELP\r", FakeRoom())
    assert desk.paper.getvalue().count("show who is in the room") == 2


def test_ex_leaves(desk: Desk) -> None:
    room = FakeRoom()
    assert run(desk, "EX\rPM never\r", room) == 0
    assert room.sent == []
    assert room.closed


def test_ctrl_c_leaves(desk: Desk) -> None:
    room = FakeRoom()
    assert run(desk, "PM ha\x03", room) == 0
    assert room.sent == []
    assert room.closed


def test_while_the_server_is_gone_the_person_is_told_what_happens(desk: Desk) -> None:
    room = FakeRoom()
    room.connected = False
    run(desk, "PM hi\rDM BOB hi\rWHO\r", room)
    assert room.sent == [("hi", None), ("hi", "BOB")]
    assert "nobody can say who is there" in desk.paper.getvalue()


def test_what_is_not_confirmed_stands_above_the_prompt_until_it_is(desk: Desk) -> None:
    room = FakeRoom()
    room.answer = keep
    room.connected = False

    def other() -> None:
        desk.paper.wait_for("hi (sent when the server is back)")
        desk.keys.send_text("DM BOB psst\r")
        desk.paper.wait_for("to bob: psst (sent when the server is back, if bob is too)")
        confirm(room.futures[0])
        desk.paper.wait_for("you: hi")
        desk.paper.wait_for(PROMPT.strip(), behind="you: hi")
        behind = desk.paper.getvalue().partition("you: hi")[2]
        assert "... hi" not in behind
        assert "... to bob: psst" in behind
        desk.keys.send_text("\x04")

    desk.keys.send_text("PM hi\r")
    with desk.meanwhile(other):
        assert talk(lambda *_: as_room(room), desk.terminal) == 0


def test_the_history_is_shown_before_the_help(desk: Desk) -> None:
    told: list[Callable[[Event], None]] = []

    def enter(terminal: Terminal, on_event: Callable[[Event], None]) -> Room:
        del terminal
        told.append(on_event)
        return as_room(FakeRoom(behind=2))

    def listen() -> None:
        desk.paper.wait_for(PROMPT.strip())
        assert "HELP" not in desk.paper.getvalue()
        for each in replayed("one", "two"):
            told[0](each)
        desk.paper.wait_for("HELP", behind="--- now ---")
        desk.keys.send_text("\x04")

    with desk.meanwhile(listen):
        talk(enter, desk.terminal, history=1)
    drawn = desk.paper.getvalue()
    assert "--- the last message ---" in drawn
    assert "bob: one" not in drawn


def test_tab_offers_the_others(desk: Desk) -> None:
    room = FakeRoom()
    run(desk, "DM \thi\r", room)
    assert room.sent == [("hi", "bob")]


@pytest.mark.parametrize(
    ("error", "status"),
    [(ConnectionLost("It closed."), 2), (LoginRefused("wrong_password", "No longer."), 1)],
)
def test_a_line_that_is_gone_for_good_ends_the_talk(
    desk: Desk, error: ChatroomError, status: int
) -> None:
    told: list[Callable[[Event], None]] = []

    def enter(terminal: Terminal, on_event: Callable[[Event], None]) -> Room:
        del terminal
        told.append(on_event)
        return as_room(FakeRoom())

    def listen() -> None:
        desk.paper.wait_for(PROMPT.strip())
        told[0](LineGone(error))

    with desk.meanwhile(listen):
        assert talk(enter, desk.terminal) == status
    assert str(error) in desk.paper.getvalue()


def test_a_login_that_fails_is_raised(desk: Desk) -> None:
    def enter(*_: object) -> Room:
        raise Unreachable("No server.")

    with pytest.raises(Unreachable):
        talk(enter, desk.terminal)


def test_who_does_not_answer_the_first_question_leaves(desk: Desk) -> None:
    def enter(terminal: Terminal, on_event: object) -> Room:
        del on_event
        terminal.ask("Username: ")
        raise AssertionError

    desk.keys.send_text("\x04")
    assert talk(enter, desk.terminal) == 0


def test_the_calling_thread_is_the_input_thread(desk: Desk) -> None:
    names: list[str] = []

    def enter(*_: object) -> Room:
        names.append(threading.current_thread().name)
        return as_room(FakeRoom())

    before = threading.current_thread().name
    desk.keys.send_text("EX\r")
    talk(enter, desk.terminal)
    assert names == ["chatroom-input"]
    assert threading.current_thread().name == before
