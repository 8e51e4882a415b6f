import threading
from itertools import islice
from queue import Queue
from typing import TYPE_CHECKING

import pytest

from chatroom.client import inbox as inbox_module
from chatroom.client import room as room_module
from chatroom.client.errors import (
    Closed,
    ConnectionLost,
    NotInRoom,
    ReaderTooSlow,
    Refused,
    RequestTimeout,
)
from chatroom.client.events import Event, Message, Receipt
from chatroom.client.pending import Pending
from chatroom.client.requests import WhoRequest
from tests.client.peer import (
    DEADLINE,
    EPOCH,
    Peer,
    broadcast,
    confirmation,
    direct,
    ping,
    refusal,
    replayed,
    standing,
)

if TYPE_CHECKING:
    from concurrent.futures import Future

_LONG = "x" * 8000


def test_a_public_message_is_confirmed(peer: Peer) -> None:
    room, visitor = peer.enter()
    sending = peer.run(lambda: room.send("hello"))
    request = visitor.expect("PM")
    assert request["message"] == "hello"
    visitor.confirm(request, 7)
    name = str(request["id"])
    assert sending.result(DEADLINE) == Receipt(7, EPOCH, 1700000000.5, False, name, None)


def test_a_direct_message_is_confirmed(peer: Peer) -> None:
    room, visitor = peer.enter()
    sending = peer.run(lambda: room.send_to("alice", "psst"))
    request = visitor.expect("DM")
    assert (request["to"], request["message"]) == ("alice", "psst")
    visitor.confirm(request, 3)
    assert sending.result(DEADLINE).to == "alice"


def test_a_direct_message_to_somebody_absent_is_refused(peer: Peer) -> None:
    room, visitor = peer.enter()
    sending = peer.run(lambda: room.send_to("zoe", "psst"))
    request = visitor.expect("DM")
    visitor.send(refusal("user_not_in_room", id=request["id"]))
    with pytest.raises(NotInRoom, match="user_not_in_room"):
        sending.result(DEADLINE)
    assert room.connected


def test_who_is_answered_and_remembered(peer: Peer) -> None:
    room, visitor = peer.enter()
    asking = peer.run(room.who)
    request = visitor.expect("WHO")
    visitor.send({"type": "active_users", "users": ["alice", "bob"], "id": request["id"]})
    assert asking.result(DEADLINE) == ("alice", "bob")
    assert room.users == ("alice", "bob")


def test_ping_measures_the_round_trip(peer: Peer) -> None:
    room, visitor = peer.enter()
    asking = peer.run(room.ping)
    request = visitor.expect("ping")
    visitor.send({"type": "pong", "id": request["id"]})
    assert 0 < asking.result(DEADLINE) < DEADLINE


def test_confirmations_of_what_was_stored_before_resolve_in_any_order(peer: Peer) -> None:
    room, visitor = peer.enter()
    futures = [room.submit(f"message {number}") for number in range(20)]
    requests = [visitor.expect("PM") for _ in futures]
    answers = [
        confirmation(request, seq, duplicate=True) for seq, request in enumerate(requests, start=1)
    ]
    visitor.send(*answers[1::2], *reversed(answers[::2]))
    assert [future.result(DEADLINE).seq for future in futures] == list(range(1, 21))


def test_messages_of_one_thread_go_out_in_its_order(peer: Peer) -> None:
    room, visitor = peer.enter()
    for number in range(50):
        room.submit(str(number))
    assert [visitor.expect("PM")["message"] for _ in range(50)] == [str(n) for n in range(50)]


def test_many_threads_share_a_room(peer: Peer) -> None:
    """Eight threads send at once; every one gets the confirmation of its own messages."""
    room, visitor = peer.enter()

    def talk(name: str) -> list[Receipt]:
        return [room.send(f"{name} {number}") for number in range(25)]

    talks = [peer.run(lambda name=f"thread{n}": talk(name)) for n in range(8)]  # type: ignore[misc]
    said: dict[str, object] = {}
    for seq in range(1, 201):
        request = visitor.expect("PM")
        said[str(request["id"])] = request["message"]
        visitor.confirm(request, seq)
    for number, talking in enumerate(talks):
        receipts = talking.result(DEADLINE)
        assert [said[receipt.id] for receipt in receipts] == [
            f"thread{number} {position}" for position in range(25)
        ]
        assert [receipt.seq for receipt in receipts] == sorted(r.seq for r in receipts)


def test_ids_of_two_rooms_differ(peer: Peer) -> None:
    (one, first), (other, second) = peer.enter(), peer.enter()
    one.submit("hello")
    other.submit("hello")
    assert first.expect("PM")["id"] != second.expect("PM")["id"]


def test_a_send_that_is_not_confirmed_times_out_and_says_it_may_arrive(peer: Peer) -> None:
    room, visitor = peer.enter()
    with pytest.raises(RequestTimeout, match="may still arrive"):
        room.send("hello", timeout=0.05)
    visitor.confirm(visitor.expect("PM"), 1)  # too late, and harmless
    later = room.submit("later")
    visitor.confirm(visitor.expect("PM"), 2)
    assert later.result(DEADLINE).seq == 2


def test_the_timeout_of_the_room_holds_where_none_is_given(peer: Peer) -> None:
    room, _ = peer.enter(timeout=0.3)
    with pytest.raises(RequestTimeout, match=r"0\.3 seconds"):
        room.who()
    with pytest.raises(RequestTimeout, match=r"0\.3 seconds"):
        room.next_message()


def test_too_many_unconfirmed_messages_make_submit_wait(
    peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room_module, "PENDING_REQUESTS", 2)
    room, visitor = peer.enter(timeout=0.3)
    room.submit("one")
    room.submit("two")
    with pytest.raises(RequestTimeout, match="this one was not sent"):
        room.submit("three")
    visitor.confirm(visitor.expect("PM"), 1)
    room.submit("four")
    assert [visitor.expect("PM")["message"], visitor.expect("PM")["message"]] == ["two", "four"]


def test_a_message_that_cannot_be_sent_is_refused_and_the_line_stays(peer: Peer) -> None:
    room, visitor = peer.enter()
    with pytest.raises(Refused, match="empty"):
        room.send("  ")
    room.submit("hello")
    assert visitor.expect("PM")["message"] == "hello"


def test_messages_are_iterated_over_until_close(peer: Peer) -> None:
    room, visitor = peer.enter()
    visitor.send(broadcast(1, "one"), direct(1, "two"), broadcast(2, "three"))
    heard = list(islice(room, 3))
    assert heard == [
        Message("alice", "one", False, None, 1, 0, EPOCH, 1700000000.5),
        Message("alice", "two", True, "bob", 1, 0, EPOCH, 1700000000.5),
        Message("alice", "three", False, None, 2, 1, EPOCH, 1700000000.5),
    ]
    reading = peer.run(lambda: list(room))
    room.close(timeout=0.0)
    assert reading.result(DEADLINE) == []


def test_messages_split_anywhere_arrive_whole(peer: Peer) -> None:
    room, visitor = peer.enter()
    data = (
        '{"type":"broadcast","from":"zoë","message":"ぐ\\n","seq":1,"prev":0,"epoch":"e1","ts":1}'
    )
    for byte in data.encode():
        visitor.send_bytes(bytes((byte,)))
    message = room.next_message()
    assert (message.sender, message.text, message.ts) == ("zoë", "ぐ\n", 1.0)


def test_a_reader_that_is_too_slow_is_told_how_much_it_lost_where_it_cannot_be_got_back(
    peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room_module, "INBOX_MESSAGES", 10)
    room, visitor = peer.enter(reconnect=False)
    visitor.send(*(broadcast(seq) for seq in range(1, 26)), {"type": "ping"})
    visitor.expect("pong")  # so everything before has been taken in
    with pytest.raises(ReaderTooSlow, match="15 messages") as caught:
        next(room)
    assert caught.value.skipped == 15
    assert [message.seq for message in islice(room, 10)] == list(range(16, 26))


@pytest.fixture
def _small_inbox(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten messages find room, and nobody waits for a reader who takes none."""
    monkeypatch.setattr(room_module, "INBOX_MESSAGES", 10)
    monkeypatch.setattr(inbox_module, "PATIENCE_SECONDS", 0.0)


def _after(room: int, inbox: int) -> dict[str, object]:
    return {"room": {"epoch": EPOCH, "after": room}, "inbox": {"epoch": EPOCH, "after": inbox}}


@pytest.mark.usefixtures("_small_inbox")
def test_what_an_inbox_has_no_room_for_is_left_to_the_server_and_fetched_later(
    peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Meanwhile the line is kept: what is asked is answered, and signs of life are given."""
    room, visitor = peer.enter()
    said = [broadcast(seq) for seq in range(1, 26)] + [direct(1)]
    visitor.send(*said[:9], direct(1), *said[9:25], direct(2))
    sending = peer.run(lambda: room.send("ours"))
    visitor.send(confirmation(visitor.expect("PM"), 26), broadcast(27), ping(27, 2))
    visitor.expect("pong")
    assert sending.result(DEADLINE).seq == 26
    monkeypatch.setattr(inbox_module, "PATIENCE_SECONDS", DEADLINE)
    heard = [(message.private, message.seq) for message in islice(room, 10)]
    assert heard == [(False, seq) for seq in range(1, 10)] + [(True, 1)]
    assert visitor.at_end()
    again = peer.accept()
    assert again.welcome(logs={"room": standing(9, 27)})["logs"] == _after(9, 1)
    ours = broadcast(26, "ours", sender="bob")
    again.send(*replayed(*said[9:25], ours, broadcast(27), direct(2)))
    heard = [(message.private, message.seq) for message in islice(room, 18)]
    assert heard == [(False, seq) for seq in (*range(10, 26), 27)] + [(True, 2)]
    assert peer.quiet()


@pytest.mark.usefixtures("_small_inbox")
def test_a_line_that_breaks_meanwhile_begins_where_the_inbox_ends(peer: Peer) -> None:
    room, visitor = peer.enter()
    visitor.send(*(broadcast(seq) for seq in range(1, 26)), ping(25))
    visitor.expect("pong")
    visitor.hang_up()
    again = peer.accept()
    assert again.welcome(logs={"room": standing(10, 25)})["logs"] == _after(10, 0)
    assert [message.seq for message in islice(room, 10)] == list(range(1, 11))
    again.send(*replayed(*(broadcast(seq) for seq in range(11, 16))))
    assert [message.seq for message in islice(room, 5)] == list(range(11, 16))
    assert room.connected


def test_a_reader_who_gets_on_makes_the_server_wait(
    peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many more messages than find room, and the line stays the same."""
    monkeypatch.setattr(room_module, "INBOX_MESSAGES", 10)
    monkeypatch.setattr(inbox_module, "PATIENCE_SECONDS", DEADLINE)
    monkeypatch.setattr(inbox_module, "LONGEST_WAIT_SECONDS", DEADLINE)
    room, visitor = peer.enter()
    visitor.send(*(broadcast(seq) for seq in range(1, 501)))
    assert [message.seq for message in islice(room, 500)] == list(range(1, 501))
    assert peer.quiet()


def test_reading_ends_with_an_error_when_the_line_is_gone(peer: Peer) -> None:
    """What came before is read first."""
    room, visitor = peer.enter(reconnect=False)
    visitor.send(broadcast(1, "last words"))
    visitor.hang_up()
    assert next(room).text == "last words"
    for _ in range(2):
        with pytest.raises(ConnectionLost, match="closed the connection"):
            next(room)
    with pytest.raises(ConnectionLost):
        room.send("hello")
    with pytest.raises(ConnectionLost):
        room.submit("hello")
    assert not room.connected


def test_a_callback_may_submit_but_not_wait(peer: Peer) -> None:
    """A bot answers from `on_event`; what would wait for its own thread is refused at once."""
    answers: list[Future[Receipt]] = []
    refusals: list[str] = []
    done = threading.Event()

    def answer(event: Event) -> None:
        if isinstance(event, Message):
            answers.append(room.submit(f"you said {event.text}"))
            for wait in (room.who, room.next_message, room.__next__):
                try:
                    wait()
                except RuntimeError as error:
                    refusals.append(str(error))
            done.set()

    room, visitor = peer.enter(on_event=answer)
    visitor.send(broadcast(1, "hi"))
    request = visitor.expect("PM")
    assert request["message"] == "you said hi"
    visitor.confirm(request, 2)
    assert done.wait(DEADLINE)
    assert answers[0].result(DEADLINE).seq == 2
    assert len(refusals) == 3
    assert "use submit()" in refusals[0]


def test_a_future_s_callback_may_submit(peer: Peer) -> None:
    room, visitor = peer.enter()
    room.submit("one").add_done_callback(lambda _: room.submit("two"))
    visitor.confirm(visitor.expect("PM"), 1)
    assert visitor.expect("PM")["message"] == "two"


def test_an_answer_that_comes_at_the_last_moment_counts(
    peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The time is up while the listening thread is busy handing out the answers."""
    time_is_up = threading.Event()
    withdraw = Pending.withdraw

    def tell(pending: Pending, request: WhoRequest) -> bool:
        time_is_up.set()
        return withdraw(pending, request)

    monkeypatch.setattr(Pending, "withdraw", tell)
    room, visitor = peer.enter()
    room.submit("hello").add_done_callback(lambda _: time_is_up.wait(DEADLINE))
    message = visitor.expect("PM")
    asking = peer.run(lambda: room.who(timeout=0.2))
    answer = {"type": "active_users", "users": ["bob"], "id": visitor.expect("WHO")["id"]}
    visitor.send(confirmation(message, 1), answer)
    assert asking.result(DEADLINE) == ("bob",)


def test_a_full_socket_makes_submit_wait_and_nothing_is_torn(peer: Peer) -> None:
    """What was taken arrives whole and in order; what was refused does not arrive."""
    room, visitor = peer.enter(timeout=0.3)
    taken: list[Future[Receipt]] = []

    def submit_without_end() -> None:
        while True:
            taken.append(room.submit(f"{len(taken)} {_LONG}"))

    with pytest.raises(RequestTimeout, match="takes no more messages"):
        submit_without_end()
    for number in range(len(taken)):
        request = visitor.expect("PM")
        assert request["message"] == f"{number} {_LONG}"
        visitor.confirm(request, number + 1)
    assert [future.result(DEADLINE).seq for future in taken] == list(range(1, len(taken) + 1))
    room.submit("room again")
    assert visitor.expect("PM")["message"] == "room again"


def test_threads_that_wait_for_a_full_socket_all_get_through(peer: Peer) -> None:
    room, visitor = peer.enter()

    def submit_all() -> None:
        for _ in range(600):
            room.submit(_LONG)

    threads = [peer.run(submit_all) for _ in range(3)]
    for _ in range(1800):
        assert visitor.expect("PM")["message"] == _LONG
    for thread in threads:
        thread.result(DEADLINE)


def test_a_callback_s_many_messages_do_not_keep_the_room_from_listening(peer: Peer) -> None:
    """The socket is full of what a callback submitted, and messages still come in."""
    heard: Queue[Event] = Queue()

    def flood(event: Event) -> None:
        heard.put(event)
        if isinstance(event, Message) and event.seq == 1:
            for _ in range(1500):
                room.submit(_LONG)

    room, visitor = peer.enter(on_event=flood)
    visitor.send(broadcast(1))
    heard.get(timeout=DEADLINE)
    visitor.send(broadcast(2, "still there?"))
    event = heard.get(timeout=DEADLINE)
    assert isinstance(event, Message)
    assert event.text == "still there?"
    for _ in range(1500):
        assert visitor.expect("PM")["message"] == _LONG


def test_leaving_the_with_statement_closes(peer: Peer) -> None:
    room, visitor = peer.enter()
    goodbye = peer.run(visitor.say_bye)
    with room as same:
        assert same is room
    goodbye.result(DEADLINE)
    with pytest.raises(Closed, match="has been left"):
        room.who()
