import pytest
from prompt_toolkit.utils import get_cwidth

from chatroom.ui.conversation import Conversation
from chatroom.ui.pending import ROWS, PendingRows
from tests.ui.fakes import FakeFace, FakeRoom, confirm, keep


@pytest.fixture
def room() -> FakeRoom:
    room = FakeRoom("alice", ("alice", "Bob"))
    room.answer = keep
    room.connected = False
    return room


@pytest.fixture
def conversation(room: FakeRoom) -> Conversation:
    conversation = Conversation(FakeFace())
    conversation.enter(room)
    return conversation


def rows(conversation: Conversation, columns: int = 100, height: int = 30) -> list[str]:
    return PendingRows(conversation).rows(columns, height)


def test_before_there_is_a_room_there_is_nothing() -> None:
    nobody = PendingRows(Conversation(FakeFace()))
    assert nobody.rows(80, 24) == []
    assert nobody.next_due() is None


def test_while_the_line_is_down_it_says_when_it_is_sent(conversation: Conversation) -> None:
    conversation.say("hello")
    conversation.say("psst", "BOB")
    assert rows(conversation) == [
        "  ... hello (sent when the server is back)",
        "  ... to Bob: psst (sent when the server is back, if Bob is too)",
    ]


def test_while_the_line_is_up_it_says_so_after_a_moment(
    conversation: Conversation, room: FakeRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    room.connected = True
    conversation.say("hello")
    assert rows(conversation) == []
    assert PendingRows(conversation).next_due()
    monkeypatch.setattr("chatroom.ui.outgoing.QUICK", 0.0)
    assert rows(conversation) == ["  ... hello (not confirmed yet)"]


def test_what_is_said_is_not_pending(conversation: Conversation, room: FakeRoom) -> None:
    conversation.say("one")
    conversation.say("two")
    confirm(room.futures[0])
    assert rows(conversation) == ["  ... two (sent when the server is back)"]


def test_of_many_the_newest_are_shown_and_the_others_counted(conversation: Conversation) -> None:
    for n in range(20):
        conversation.say(f"message {n}")
    first, *others = rows(conversation)
    assert first == "  ... and 16 more before"
    assert [row.split()[2] for row in others] == ["16", "17", "18", "19"]
    assert len(others) == ROWS - 1
    assert rows(conversation, height=4) == ["  ... and 20 more before"]


@pytest.mark.parametrize("columns", [1, 5, 12, 30, 45, 80])
def test_a_row_is_less_wide_than_the_screen(conversation: Conversation, columns: int) -> None:
    for text in ("世界" * 100, "\x1b[2J" * 100, "one\ntwo", "x"):
        conversation.say(text, "bob")
        conversation.say(text)
    shown = rows(conversation, columns)
    assert [row for row in shown if get_cwidth(row) >= columns] == []
    assert [row for row in shown if not row.isprintable()] == []


def test_the_words_behind_a_message_are_left_out_before_the_message(
    conversation: Conversation,
) -> None:
    conversation.say("a rather long message that says much")
    assert rows(conversation, 56) == ["  ... a rather l… (sent when the server is back)"]
    assert rows(conversation, 40) == ["  ... a rather long message that …"]
