import logging
import threading

import pytest

from chatroom.client.errors import Refused
from chatroom.client.events import Event, Gap, LineLost, Message, UsersChanged
from tests.client.peer import (
    DEADLINE,
    EPOCH,
    Events,
    Peer,
    broadcast,
    confirmation,
    direct,
    refusal,
)


def test_every_message_is_an_event_and_none_is_queued(peer: Peer) -> None:
    events = Events()
    room, visitor = peer.enter(on_event=events)
    visitor.send(broadcast(1, "one"), direct(4, "two"))
    assert events.next() == Message("alice", "one", False, None, 1, 0, EPOCH, 1700000000.5)
    assert events.next() == Message("alice", "two", True, "bob", 4, 3, EPOCH, 1700000000.5)
    with pytest.raises(TimeoutError):
        room.next_message(0.0)


def test_a_confirmation_counts_before_what_was_said_after_it(peer: Peer) -> None:
    """Otherwise a person's own words would show below words with a later place in the log."""
    order: list[str] = []
    told = threading.Event()

    def tell(event: Event) -> None:
        if isinstance(event, Message):
            order.append(event.text)
            told.set()

    room, visitor = peer.enter(on_event=tell)
    future = room.submit("first")
    future.add_done_callback(lambda _: order.append("first"))
    request = visitor.expect("PM")
    visitor.send(confirmation(request, 1), broadcast(2, "second"))
    assert told.wait(DEADLINE)
    assert order == ["first", "second"]


def test_who_came_and_who_left(peer: Peer) -> None:
    events = Events()
    room, visitor = peer.enter("bob", "carol", on_event=events)
    visitor.send({"type": "update_users", "users": ["alice", "bob"]})
    assert events.next() == UsersChanged(("alice", "bob"), came=("alice",), left=("carol",))
    assert room.users == ("alice", "bob")


def test_a_list_that_says_nothing_new_is_no_event(peer: Peer) -> None:
    events = Events()
    _, visitor = peer.enter("bob", on_event=events)
    visitor.send({"type": "update_users", "users": ["bob"]}, broadcast(1))
    assert isinstance(events.next(), Message)


def test_an_answer_to_who_may_bring_news(peer: Peer) -> None:
    """Otherwise the update that follows would say nothing new, and nobody would be told."""
    events = Events()
    room, visitor = peer.enter("bob", on_event=events)
    asking = peer.run(room.who)
    request = visitor.expect("WHO")
    visitor.send({"type": "active_users", "users": ["alice", "bob"], "id": request["id"]})
    assert asking.result(DEADLINE) == ("alice", "bob")
    assert events.next() == UsersChanged(("alice", "bob"), came=("alice",), left=())


def test_what_a_callback_raises_is_logged_and_listening_goes_on(
    peer: Peer, caplog: pytest.LogCaptureFixture
) -> None:
    heard = Events()

    def stumble(event: Event) -> None:
        heard(event)
        raise ValueError("the bot is broken")

    _, visitor = peer.enter(on_event=stumble)
    with caplog.at_level(logging.ERROR, "chatroom.client"):
        visitor.send(broadcast(1))
        heard.next()
        visitor.send(broadcast(2))
        heard.next()
    assert "on_event failed on Message" in caplog.text
    assert "the bot is broken" in caplog.text


def test_a_gap_is_told(peer: Peer) -> None:
    events = Events()
    _, visitor = peer.enter(on_event=events)
    visitor.send(broadcast(10), broadcast(14), direct(1), direct(3))
    gaps = [event for event in (events.next() for _ in range(6)) if isinstance(event, Gap)]
    assert gaps == [Gap("room", 10, 14, 3), Gap("inbox", 1, 3, 1)]


def test_a_gap_is_told_before_the_message_behind_it(peer: Peer) -> None:
    events = Events()
    _, visitor = peer.enter(on_event=events)
    visitor.send(broadcast(10), broadcast(14), broadcast(15), direct(1), direct(3))
    seen = [events.next() for _ in range(7)]
    assert [event if isinstance(event, Gap) else getattr(event, "seq", None) for event in seen] == [
        10,
        Gap("room", 10, 14, 3),
        14,
        15,
        1,
        Gap("inbox", 1, 3, 1),
        3,
    ]


def test_a_gap_among_direct_messages_waits_for_no_request(peer: Peer) -> None:
    """Our own messages stand in the logs of others, so none of them can fill it."""
    events = Events()
    room, visitor = peer.enter(on_event=events)
    visitor.send(direct(1))
    room.submit("unanswered")
    visitor.expect("PM")
    visitor.send(direct(3))
    assert isinstance(events.next(), Message)
    assert events.next() == Gap("inbox", after=1, before=3, missed=1)
    assert isinstance(events.next(), Message)


def test_a_gap_that_a_confirmation_makes_certain_is_told_before_what_follows(peer: Peer) -> None:
    events = Events()
    room, visitor = peer.enter(on_event=events)
    visitor.send(broadcast(1))
    room.submit("ours")
    request = visitor.expect("PM")
    visitor.send(broadcast(4))
    visitor.send(confirmation(request, 2), broadcast(5))
    seen = [events.next() for _ in range(4)]
    assert seen[2] == Gap("room", after=2, before=4, missed=1)
    assert [getattr(event, "seq", None) for event in seen] == [1, 4, None, 5]


def test_own_confirmations_fill_holes(peer: Peer) -> None:
    """A message of somebody else overtakes the confirmation of ours; nothing was missed."""
    events = Events()
    room, visitor = peer.enter(on_event=events)
    visitor.send(broadcast(1))
    room.submit("ours")
    request = visitor.expect("PM")
    visitor.send(broadcast(3))
    visitor.confirm(request, 2)
    visitor.send(broadcast(4))
    assert [getattr(events.next(), "seq", None) for _ in range(3)] == [1, 3, 4]


def test_a_hole_that_no_confirmation_fills_is_told_once_all_have_come(peer: Peer) -> None:
    events = Events()
    room, visitor = peer.enter(on_event=events)
    visitor.send(broadcast(1))
    room.submit("ours")
    request = visitor.expect("PM")
    visitor.send(broadcast(4))
    visitor.confirm(request, 2)
    assert [events.next(), events.next()] != []
    assert events.next() == Gap("room", after=2, before=4, missed=1)


def test_confirmations_of_direct_messages_fill_nothing(peer: Peer) -> None:
    """They stand in the log of somebody else."""
    events = Events()
    room, visitor = peer.enter(on_event=events)
    visitor.send(broadcast(1))
    room.submit("psst", to="alice")
    visitor.confirm(visitor.expect("DM"), 2)
    visitor.send(broadcast(3))
    assert events.wait_for(Gap) == Gap("room", after=1, before=3, missed=1)


def test_a_gap_is_logged_when_nobody_listens_for_events(
    peer: Peer, caplog: pytest.LogCaptureFixture
) -> None:
    room, visitor = peer.enter()
    with caplog.at_level(logging.WARNING, "chatroom.client"):
        visitor.send(broadcast(1), broadcast(5))
        asking = peer.run(room.ping)
        visitor.send({"type": "pong", "id": visitor.expect("ping")["id"]})
        asking.result(DEADLINE)
    assert "3 messages were missed (room, 2 to 4)" in caplog.text


def test_unknown_types_and_fields_are_ignored(peer: Peer) -> None:
    room, visitor = peer.enter()
    visitor.send(
        {"type": "weather", "users": 7},
        {"type": ["broadcast"]},
        {"no": "type"},
        {"type": "pong"},
        broadcast(1, "hello") | {"mood": "good"},
    )
    assert room.next_message().text == "hello"


@pytest.mark.parametrize(
    "rubbish",
    [
        b"hello\n",
        b'{"type" "broadcast"}\n',
        b"[]\n",
        b"\xff\xfe\n",
        b'{"type":"broadcast"}\n',
        b'{"type":"broadcast","from":1,"message":"","seq":1,"prev":0,"epoch":"e","ts":0}\n',
        b'{"type":"update_users","users":"bob"}\n',
        b'{"type":"confirmation","id":"x","seq":"1"}\n',
        b'{"type":"error"}\n',
        b'{"type":"bye","after_ms":"soon"}\n',
        b"[" * 1000 + b"]" * 1000,
    ],
)
def test_rubbish_breaks_the_line_and_it_is_got_back(peer: Peer, rubbish: bytes) -> None:
    """What came before it in the same segment is taken in."""
    events = Events()
    room, visitor = peer.enter(on_event=events)
    visitor.send_bytes(b'{"type":"update_users","users":["alice","bob"]}\n' + rubbish)
    assert events.next() == UsersChanged(("alice", "bob"), came=("alice",), left=())
    assert events.wait_for(LineLost).reason.startswith("The server sent something")
    again = peer.accept()
    again.welcome("bob")
    again.send(broadcast(1, "back"))
    assert events.wait_for(Message).text == "back"
    assert room.connected


def test_an_error_without_an_id_that_the_server_could_not_read_is_for_the_oldest_request(
    peer: Peer,
) -> None:
    """The confirmation in the same segment belongs to the request before it."""
    room, visitor = peer.enter()
    futures = [room.submit(text) for text in ("one", "two", "three")]
    requests = [visitor.expect("PM") for _ in futures]
    first, third = confirmation(requests[0], 1), confirmation(requests[2], 2)
    visitor.send(first, refusal("bad_json"), third)
    assert futures[0].result(DEADLINE).seq == 1
    assert futures[2].result(DEADLINE).seq == 2
    with pytest.raises(Refused, match="bad_json"):
        futures[1].result(DEADLINE)


def test_errors_that_belong_to_nothing_are_logged(
    peer: Peer, caplog: pytest.LogCaptureFixture
) -> None:
    room, visitor = peer.enter()
    with caplog.at_level(logging.WARNING, "chatroom.client"):
        visitor.send(refusal("internal"), refusal("bad_frame"), broadcast(1))
        room.next_message()
    assert "internal" in caplog.text
