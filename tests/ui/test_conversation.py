import threading

import pytest

from chatroom.client.errors import ConnectionLost, NotInRoom
from chatroom.client.events import Event, Gap, LineBack, LineGone, LineLost, UsersChanged
from chatroom.ui.conversation import Conversation
from tests.ui.fakes import (
    AGAIN,
    RECEIPT,
    FakeFace,
    FakeRoom,
    confirm,
    keep,
    message,
    replayed,
)

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


BACK = LineBack(2, ("alice", "bob"), 12.0)


def told(face: FakeFace) -> list[str]:
    """What was shown, without times and without the marks of days."""
    lines = (line for line in face.shown if "day, " not in line)
    return [line[9:] if line[2:3] == ":" else line for line in lines]


def entered(face: FakeFace, room: FakeRoom, history: int = 50) -> Conversation:
    conversation = Conversation(face, history=history)
    conversation.enter(room, ["  HELP"])
    return conversation


def hear(conversation: Conversation, *events: Event) -> None:
    for event in events:
        conversation.on_event(event)


def test_the_history_comes_before_who_is_here(face: FakeFace) -> None:
    room = FakeRoom(behind=3)
    conversation = entered(face, room)
    private = message("psst", to="alice", ts=replayed("")[0].ts - 1, replay=True)
    hear(conversation, *replayed("one", "two"))
    assert face.shown == []
    assert not conversation.opened.is_set()
    hear(conversation, private, message("live", seq=3))
    assert told(face) == [
        "--- the last 3 messages ---",
        "bob -> you (private): psst",
        "bob: one",
        "bob: two",
        "--- now ---",
        "In the room (2): alice (you), bob",
        "  HELP",
        "bob: live",
    ]
    assert conversation.opened.is_set()


def test_no_more_of_the_history_is_shown_than_asked_for(face: FakeFace) -> None:
    hear(entered(face, FakeRoom(behind=3), history=2), *replayed("one", "two", "three"))
    assert told(face)[:3] == ["--- the last 2 messages ---", "bob: two", "bob: three"]


def test_one_s_own_messages_are_in_the_history(face: FakeFace) -> None:
    own = message("mine", sender="Alice", replay=True)
    hear(entered(face, FakeRoom(behind=1)), own)
    assert told(face)[1] == "you: mine"


def test_without_history_it_is_not_marked(face: FakeFace, room: FakeRoom) -> None:
    entered(face, room)
    assert told(face) == ["In the room (2): alice (you), bob", "  HELP"]


@pytest.mark.parametrize(
    "event",
    [LineLost("It broke.", 0.2), LineGone(ConnectionLost("It closed.")), message("live", seq=9)],
)
def test_a_history_that_is_cut_short_is_shown(face: FakeFace, event: Event) -> None:
    conversation = entered(face, FakeRoom(behind=3))
    hear(conversation, *replayed("one"), event)
    assert told(face)[:3] == ["--- the last message ---", "bob: one", "--- now ---"]
    assert conversation.opened.is_set()


def test_a_history_that_was_cut_short_goes_on_after_the_break(face: FakeFace) -> None:
    room = FakeRoom(behind=3)
    conversation = entered(face, room)
    hear(conversation, replayed("one")[0])
    room.connected = False
    hear(conversation, LineLost("It broke.", 0.2))
    room.connected = True
    hear(conversation, BACK, *replayed("two", "three", first=2))
    assert told(face)[2:] == [
        "--- now ---",
        "  HELP",
        "The server is gone: It broke. Trying again until it is back.",
        "The server is back after 12 seconds; 2 messages were said meanwhile:",
        "bob: two",
        "bob: three",
        "In the room (2): alice (you), bob",
    ]


def test_leaving_shows_what_there_is_of_the_history(face: FakeFace) -> None:
    conversation = entered(face, FakeRoom(behind=3))
    hear(conversation, *replayed("one"))
    conversation.leave()
    assert "bob: one" in told(face)


def test_who_comes_while_the_history_does_stands_in_the_list(face: FakeFace) -> None:
    room = FakeRoom(behind=1)
    conversation = entered(face, room)
    room.users = ("alice", "bob", "carl")
    hear(conversation, UsersChanged(room.users, ("carl",), ()), *replayed("one"))
    assert told(face)[-2:] == ["In the room (3): alice (you), bob, carl", "  HELP"]


def test_after_a_break_only_what_was_missed_is_shown(
    conversation: Conversation, face: FakeFace
) -> None:
    gap = Gap("room", 1, 5, 5, "retention")
    hear(conversation, LineLost("It broke.", 0.2), BACK, gap, *replayed("one", "two", first=6))
    hear(conversation, message("live", seq=8))
    assert told(face)[1:] == [
        "The server is back after 12 seconds; 2 messages were said meanwhile:",
        "5 messages said to everyone meanwhile were not kept by the server and cannot be shown.",
        "bob: one",
        "bob: two",
        "In the room (2): alice (you), bob",
        "bob: live",
    ]


def test_after_a_break_in_which_nothing_was_said(
    conversation: Conversation, face: FakeFace
) -> None:
    hear(conversation, LineBack(0, ("alice", "bob"), 1.0))
    assert told(face) == [
        "The server is back after 1 second; nothing was said meanwhile.",
        "In the room (2): alice (you), bob",
    ]


def test_more_replay_than_announced_is_shown(conversation: Conversation, face: FakeFace) -> None:
    hear(conversation, *replayed("one"))
    assert told(face) == ["bob: one"]


def test_very_many_missed_messages_are_shown_as_they_come(
    conversation: Conversation, face: FakeFace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatroom.ui.backlog.GATHERED", 1)
    hear(conversation, BACK, *replayed("one"))
    assert told(face)[1:] == ["bob: one"]
    hear(conversation, *replayed("two", first=2))
    assert told(face)[2:] == ["bob: two", "In the room (2): alice (you), bob"]


def own(seq: int = RECEIPT.seq) -> Event:
    """A message of ours, as it stands in the log."""
    return message("mine", sender="alice", seq=seq, replay=True)


@pytest.mark.parametrize("entry_first", [False, True])
def test_an_own_message_that_is_missed_and_confirmed_is_shown_once_in_its_place(
    conversation: Conversation, face: FakeFace, room: FakeRoom, *, entry_first: bool
) -> None:
    """It was stored before the break; the client sends it again and it is a duplicate."""
    room.answer = keep
    conversation.say("mine")
    hear(conversation, BACK)
    if not entry_first:
        room.futures[0].set_result(AGAIN)
    hear(conversation, own(), *replayed("theirs", first=2))
    if entry_first:
        assert conversation.outgoing.pending(at_once=True)
        room.futures[0].set_result(AGAIN)
    assert told(face)[1:] == ["you: mine", "bob: theirs", "In the room (2): alice (you), bob"]
    assert not conversation.outgoing.pending(at_once=True)


def test_what_is_confirmed_again_and_not_missed_is_shown_behind_what_was(
    conversation: Conversation, face: FakeFace, room: FakeRoom
) -> None:
    room.answer = keep
    conversation.say("psst", "bob")
    hear(conversation, BACK)
    room.futures[0].set_result(AGAIN)
    hear(conversation, *replayed("one", "two"))
    assert told(face)[-1] == "you -> bob (private): psst"


def test_leaving_shows_what_was_confirmed_again(
    conversation: Conversation, face: FakeFace, room: FakeRoom
) -> None:
    room.answer = keep
    conversation.say("mine")
    hear(conversation, BACK)
    room.futures[0].set_result(AGAIN)
    conversation.leave()
    assert told(face)[-1] == "you: mine"


def test_own_messages_that_were_said_elsewhere_are_shown(
    conversation: Conversation, face: FakeFace
) -> None:
    hear(conversation, BACK, own(), own(2))
    assert told(face)[1:3] == ["you: mine", "you: mine"]


def test_what_is_said_is_pending_until_it_is_confirmed_or_refused(
    conversation: Conversation, room: FakeRoom
) -> None:
    room.answer = keep
    conversation.say("one")
    conversation.say("two", "bob")
    conversation.say("three")
    assert [sent.text for sent in conversation.outgoing.pending(at_once=True)] == [
        "one",
        "two",
        "three",
    ]
    confirm(room.futures[0])
    room.futures[1].set_exception(NotInRoom("user_not_in_room", "Nobody called bob is here."))
    assert [sent.text for sent in conversation.outgoing.pending(at_once=True)] == ["three"]
