import threading

import pytest

from chatroom.client.errors import ConnectionLost, NotInRoom
from chatroom.client.events import LineGone, LineLost, UsersChanged
from chatroom.ui.conversation import Conversation
from tests.ui.fakes import RECEIPT, FakeFace, FakeRoom, confirm, keep, message

DEADLINE = 10.0


@pytest.fixture
def face() -> FakeFace:
    return FakeFace()


@pytest.fixture
def room() -> FakeRoom:
    return FakeRoom()


@pytest.fixture
def conversation(face: FakeFace, room: FakeRoom) -> Conversation:
    """A conversation that has begun."""
    conversation = Conversation(face)
    conversation.enter(room)
    face.shown.clear()
    return conversation


def test_it_begins_with_who_is_here(face: FakeFace, room: FakeRoom) -> None:
    Conversation(face).enter(room)
    assert face.shown == ["In the room (2): alice (you), bob"]


def test_there_is_no_room_before(face: FakeFace) -> None:
    with pytest.raises(RuntimeError):
        _ = Conversation(face).room


def test_events_wait_for_the_room(face: FakeFace, room: FakeRoom) -> None:
    """A message that comes with the welcome is shown behind the list of users."""
    conversation = Conversation(face)
    listener = threading.Thread(target=conversation.on_event, args=[message("hi")])
    listener.start()
    conversation.enter(room)
    listener.join(DEADLINE)
    assert face.shown[0].startswith("In the room")
    assert face.shown[-1].endswith("bob: hi")


def test_leaving_lets_an_early_event_go(face: FakeFace) -> None:
    """Else the listening thread would wait forever after a login that was interrupted."""
    conversation = Conversation(face)
    listener = threading.Thread(target=conversation.on_event, args=[message("hi")])
    listener.start()
    conversation.leave()
    listener.join(DEADLINE)
    assert not listener.is_alive()


def test_what_one_says_is_shown_when_it_is_confirmed(
    conversation: Conversation, face: FakeFace, room: FakeRoom
) -> None:
    conversation.say("hi")
    conversation.say("psst", "bob")
    assert room.sent == [("hi", None), ("psst", "bob")]
    assert [line[9:] for line in face.shown if not line.startswith("---")] == [
        "you: hi",
        "you -> bob (private): psst",
    ]


def test_a_recipient_is_shown_as_registered(
    conversation: Conversation, face: FakeFace, room: FakeRoom
) -> None:
    """Somebody who has left before the confirmation comes is shown as typed."""
    room.users = ("alice", "Bob")
    conversation.say("psst", "BOB")
    conversation.say("psst", "CARL")
    assert [line[9:] for line in face.shown if not line.startswith("---")] == [
        "you -> Bob (private): psst",
        "you -> CARL (private): psst",
    ]


@pytest.mark.parametrize("event_first", [False, True])
def test_what_one_says_to_oneself_is_shown_once(
    conversation: Conversation, face: FakeFace, room: FakeRoom, *, event_first: bool
) -> None:
    """The server sends it, as to any recipient, and confirms it."""
    told = message("note", sender="alice", to="alice", seq=RECEIPT.seq)
    room.answer = keep
    conversation.say("note", "Alice")
    if event_first:
        conversation.on_event(told)
    confirm(room.futures[0])
    if not event_first:
        conversation.on_event(told)
    assert len([line for line in face.shown if line.endswith(": note")]) == 1


def test_what_one_says_to_oneself_elsewhere_and_what_others_say_is_shown(
    conversation: Conversation, face: FakeFace
) -> None:
    conversation.on_event(message("elsewhere", sender="alice", to="alice", seq=4))
    conversation.on_event(message("over there", sender="alice", to="alice", seq=5))
    conversation.on_event(message("from bob", sender="bob", to="alice", seq=6))
    assert [line.rpartition(": ")[2] for line in face.shown if "(private)" in line] == [
        "elsewhere",
        "over there",
        "from bob",
    ]


def test_what_is_not_confirmed_yet_is_not_shown(
    conversation: Conversation, face: FakeFace, room: FakeRoom
) -> None:
    room.answer = keep
    conversation.say("hi")
    assert face.shown == []


def test_a_refused_message_is_given_back(
    conversation: Conversation, face: FakeFace, room: FakeRoom
) -> None:
    error = NotInRoom("user_not_in_room", "Nobody called carl is here.")
    room.answer = lambda future: future.set_exception(error)
    conversation.say("hi", "carl")
    assert "Not sent to carl: Nobody called carl is here." in face.complaints[0]
    assert face.complaints[1].endswith(" hi")
    assert conversation.refused
    assert not conversation.lost


def test_a_message_that_cannot_be_handed_over_is_given_back(face: FakeFace, room: FakeRoom) -> None:
    settled: list[bool] = []
    conversation = Conversation(face, settled=lambda: settled.append(True))
    conversation.enter(room)
    room.fail()
    conversation.say("hi")
    assert "Not sent: It broke." in face.complaints[0]
    assert conversation.lost
    assert settled == [True]


def test_who(conversation: Conversation, face: FakeFace, room: FakeRoom) -> None:
    conversation.who()
    assert face.shown == ["In the room (2): alice (you), bob"]
    room.fail()
    conversation.who()
    assert face.complaints[0].endswith("It broke.")


def test_the_end_of_the_line_hangs_up(conversation: Conversation, face: FakeFace) -> None:
    conversation.on_event(LineGone(ConnectionLost("It closed.")))
    assert face.hung_up
    assert isinstance(conversation.gone, ConnectionLost)
    assert "It closed." in face.complaints[0]


def test_events_are_shown(conversation: Conversation, face: FakeFace) -> None:
    conversation.on_event(UsersChanged(("alice",), (), ("bob",)))
    conversation.on_event(LineLost("It broke.", 0.2))
    conversation.on_event(LineLost("It broke.", 0.4))
    assert [line[9:] for line in face.shown] == [
        "bob left.",
        "The server is gone: It broke. Trying again until it is back.",
    ]


def test_leaving_closes_the_room(conversation: Conversation, room: FakeRoom) -> None:
    conversation.leave()
    assert room.closed
