import logging
import threading
from queue import Queue

import pytest

from chatroom.client.errors import Refused
from chatroom.client.events import Event, Gap, LineBack, LineLost, Message, UsersChanged
from tests.client.peer import (
    DEADLINE,
    EPOCH,
    Events,
    Peer,
    broadcast,
    confirmation,
    direct,
    gap,
    ping,
    refusal,
    replayed,
    standing,
)


def test_every_message_is_an_event_and_none_is_queued(peer: Peer) -> None:
    events = Events()
    room, visitor = peer.enter(on_event=events, logs={"inbox": standing(3)})
    visitor.send(broadcast(1, "one"), direct(4, "two"), *replayed(broadcast(2, "three")))
    assert events.next() == Message("alice", "one", False, None, 1, 0, EPOCH, 1700000000.5)
    assert events.next() == Message("alice", "two", True, "bob", 4, 3, EPOCH, 1700000000.5)
    assert events.next() == Message(
        "alice", "three", False, None, 2, 1, EPOCH, 1700000000.5, replay=True
    )
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


def test_what_we_have_is_dropped(peer: Peer) -> None:
    events = Events()
    _, visitor = peer.enter(on_event=events, logs={"room": standing(5), "inbox": standing(2)})
    visitor.send(
        *replayed(broadcast(4), broadcast(5), broadcast(6), direct(1), direct(3)),
        broadcast(6),
        broadcast(7),
        direct(3),
        direct(4),
    )
    assert [_seq(events.next()) for _ in range(4)] == [6, 3, 7, 4]


def _seq(event: Event) -> object:
    return event.seq if isinstance(event, Message) else event


def test_a_gap_is_told_where_the_messages_would_have_stood(peer: Peer) -> None:
    events = Events()
    _, visitor = peer.enter(on_event=events)
    visitor.send(
        broadcast(1),
        gap("room", 2, 9, "retention"),
        broadcast(10),
        gap("inbox", 1, 3, "retention"),
        direct(4),
    )
    assert [_seq(events.next()) for _ in range(5)] == [
        1,
        Gap("room", 2, 9, 8, "retention"),
        10,
        Gap("inbox", 1, 3, 3, "retention"),
        4,
    ]


def test_what_was_confirmed_before_a_gap_shows_before_it(peer: Peer) -> None:
    order: Queue[object] = Queue()
    room, visitor = peer.enter(on_event=order.put)
    room.submit("ours").add_done_callback(lambda future: order.put(future.result().seq))
    visitor.send(confirmation(visitor.expect("PM"), 1), gap("room", 2, 9, "retention"))
    assert order.get(timeout=DEADLINE) == 1
    assert order.get(timeout=DEADLINE) == Gap("room", 2, 9, 8, "retention")


def test_another_incarnation_is_told_and_followed(peer: Peer) -> None:
    """The server was restored from a backup while the line was down."""
    events = Events()
    _, visitor = peer.enter(on_event=events, logs={"room": standing(41)})
    visitor.hang_up()
    again = peer.accept()
    new = {"room": standing(30, 32, "new")}
    assert again.welcome(logs=new)["logs"] == _places(41, 0)
    again.send(
        gap("room", 31, 41, "epoch"),
        *replayed(broadcast(31, epoch="new"), broadcast(32, epoch="new")),
        broadcast(33, epoch="new"),
    )
    assert events.wait_for(LineBack).missed == 2
    assert [_seq(events.next()) for _ in range(4)] == [
        Gap("room", 31, 41, 11, "epoch"),
        31,
        32,
        33,
    ]


def _places(room: int, inbox: int) -> dict[str, object]:
    return {"room": {"epoch": EPOCH, "after": room}, "inbox": {"epoch": EPOCH, "after": inbox}}


@pytest.mark.parametrize(
    "last",
    [
        broadcast(4, "behind the hole"),
        ping(3),
        gap("room", 4, 9, "retention"),
        broadcast(4, epoch="new"),
        ping(1, epoch="new"),
    ],
    ids=["message", "ping", "gap", "message of another epoch", "ping of another epoch"],
)
def test_a_hole_is_asked_for(peer: Peer, last: dict[str, object]) -> None:
    """The line is given up and got back from where the hole begins."""
    events = Events()
    _, visitor = peer.enter(on_event=events, fields={"session": "token"})
    visitor.send(broadcast(1), last)
    assert _seq(events.next()) == 1
    assert "left out" in events.wait_for(LineLost).reason
    assert visitor.at_end()
    again = peer.accept()
    assert again.resumed(logs={"room": standing(1, 4)})["logs"] == _places(1, 0)
    again.send(*replayed(*(broadcast(seq) for seq in (2, 3, 4))))
    assert events.wait_for(LineBack).missed == 3
    assert [_seq(events.next()) for _ in range(3)] == [2, 3, 4]


@pytest.mark.parametrize(
    ("frame", "told"),
    [
        (broadcast(4), Gap("room", 2, 3, 2, "hole")),
        (direct(4), Gap("inbox", 1, 3, 3, "hole")),
        (ping(4), Gap("room", 2, 4, 3, "hole")),
        (ping(1, 4), Gap("inbox", 1, 4, 4, "hole")),
        (broadcast(4, epoch="new"), Gap("room", 1, 3, 3, "hole")),
        (gap("room", 4, 9, "retention"), Gap("room", 2, 9, 8, "retention")),
    ],
)
def test_a_hole_that_stays_is_told_and_passed(
    peer: Peer, frame: dict[str, object], told: Gap
) -> None:
    events = Events()
    _, visitor = peer.enter(on_event=events)
    visitor.send(broadcast(1), frame)
    events.wait_for(LineLost)
    again = peer.accept()
    again.welcome()
    again.send(frame, broadcast(5) if told.log == "inbox" else direct(1))
    events.wait_for(LineBack)
    assert events.next() == told
    if "seq" in frame:
        assert _seq(events.next()) == 4


def test_without_coming_back_a_hole_is_told_at_once(peer: Peer) -> None:
    events = Events()
    _, visitor = peer.enter(on_event=events, reconnect=False)
    visitor.send(broadcast(1), broadcast(4))
    assert [_seq(events.next()) for _ in range(3)] == [1, Gap("room", 2, 3, 2, "hole"), 4]


def test_own_confirmations_stand_in_the_place_of_the_messages(peer: Peer) -> None:
    events = Events()
    room, visitor = peer.enter(on_event=events)
    futures = [room.submit("ours"), room.submit("psst", to="alice"), room.submit("more")]
    first, private, second = (visitor.receive() for _ in futures)
    visitor.send(
        broadcast(1),
        confirmation(first, 2),
        confirmation(private, 77),  # its place is in alice's inbox
        broadcast(3),
        confirmation(second, 4),
        broadcast(5),
    )
    assert [_seq(events.next()) for _ in range(3)] == [1, 3, 5]
    assert [future.result(DEADLINE).seq for future in futures] == [2, 77, 4]


@pytest.mark.parametrize("seq", [1, 9])
def test_a_duplicate_has_no_place_on_this_line(peer: Peer, seq: int) -> None:
    """It was stored before, and came or comes as a message."""
    events = Events()
    room, visitor = peer.enter(on_event=events)
    room.submit("ours")
    request = visitor.expect("PM")
    visitor.send(broadcast(1), confirmation(request, seq, duplicate=True), broadcast(2))
    assert [_seq(events.next()) for _ in range(2)] == [1, 2]


def test_a_confirmation_that_shows_a_hole_counts_and_its_message_is_known(peer: Peer) -> None:
    events = Events()
    room, visitor = peer.enter(on_event=events)
    future = room.submit("ours")
    visitor.confirm(visitor.expect("PM"), 3)
    assert future.result(DEADLINE).seq == 3
    events.wait_for(LineLost)
    again = peer.accept()
    assert again.welcome(logs={"room": standing(0, 4)})["logs"] == _places(0, 0)
    ours = broadcast(3, "ours", sender="bob")
    again.send(*replayed(broadcast(1), broadcast(2), ours, broadcast(4)))
    assert events.wait_for(LineBack).missed == 3
    assert [_seq(events.next()) for _ in range(3)] == [1, 2, 4]


def test_a_confirmation_behind_a_hole_that_stays_passes_it(peer: Peer) -> None:
    events = Events()
    room, visitor = peer.enter(on_event=events)
    for _ in range(2):
        room.submit("ours")
    one, two = (visitor.expect("PM") for _ in range(2))
    visitor.confirm(one, 3)
    events.wait_for(LineLost)
    again = peer.accept()
    again.welcome()
    assert again.expect("PM") == two
    again.send(confirmation(two, 5), broadcast(6))
    events.wait_for(LineBack)
    assert [_seq(events.next()) for _ in range(2)] == [Gap("room", 1, 4, 4, "hole"), 6]


def test_a_message_of_ours_whose_confirmation_was_lost_comes_and_is_confirmed(peer: Peer) -> None:
    events = Events()
    room, visitor = peer.enter(on_event=events)
    future = room.submit("ours")
    request = visitor.expect("PM")
    visitor.hang_up()
    again = peer.accept()
    again.welcome(logs={"room": standing(0, 1)})
    again.send(
        *replayed(broadcast(1, "ours", sender="bob")), confirmation(request, 1, duplicate=True)
    )
    assert _seq(events.wait_for(Message)) == 1
    receipt = future.result(DEADLINE)
    assert (receipt.seq, receipt.duplicate) == (1, True)


def test_a_ping_is_answered(peer: Peer) -> None:
    """Whatever it says of the logs, if anything."""
    _, visitor = peer.enter(logs={"room": standing(7)})
    frames: list[dict[str, object]] = [ping(7), {"type": "ping"}]
    for frame in frames:
        visitor.send(frame)
        assert visitor.receive() == {"command": "pong"}


def test_a_gap_is_logged_when_nobody_listens_for_events(
    peer: Peer, caplog: pytest.LogCaptureFixture
) -> None:
    room, visitor = peer.enter()
    with caplog.at_level(logging.WARNING, "chatroom.client"):
        visitor.send(broadcast(1), gap("room", 2, 4, "retention"), broadcast(5))
        assert [room.next_message().seq, room.next_message().seq] == [1, 5]
    assert "3 messages were missed (room, 2 to 4: retention)" in caplog.text


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
        b'{"type":"ping","logs":{"room":7}}\n',
        b'{"type":"gap","log":"room"}\n',
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
