"""A server that says that messages come too fast."""

from pathlib import Path

import pytest

from chatroom.client.connect import connect
from chatroom.client.errors import Closed, Refused, RequestTimeout
from tests.client.peer import DEADLINE, Peer, Visitor, broadcast, confirmation, refusal
from tests.conversation import running

SOON = 0.05
"""How many seconds a client is told to wait."""


def too_fast(request: dict[str, object], wait: float = SOON) -> dict[str, object]:
    """Return what a client is told whose message comes too fast."""
    return refusal("rate_limited", id=request["id"], command="PM", retry_after=wait)


def put_off(visitor: Visitor, request: dict[str, object], wait: float = SOON) -> None:
    """Tell the client that a message comes too fast."""
    visitor.send(too_fast(request, wait))


def test_the_message_is_sent_again_and_the_program_only_waits(peer: Peer) -> None:
    room, visitor = peer.enter()
    sending = peer.run(lambda: room.send("hello"))
    first = visitor.expect("PM")
    put_off(visitor, first)
    again = visitor.expect("PM")
    assert again == first
    visitor.confirm(again, 1)
    receipt = sending.result(DEADLINE)
    assert (receipt.seq, receipt.duplicate) == (1, False)


def test_as_often_as_need_be(peer: Peer) -> None:
    room, visitor = peer.enter()
    future = room.submit("hello")
    for _ in range(3):
        put_off(visitor, visitor.expect("PM"))
        assert not future.done()
    visitor.confirm(visitor.expect("PM"), 1)
    assert future.result(DEADLINE).seq == 1


def test_no_message_overtakes_it(peer: Peer) -> None:
    """Not one that was on its way, nor one that is new, and direct ones neither."""
    room, visitor = peer.enter()
    futures = [room.submit("1"), room.submit("2"), room.submit("3", to="alice")]
    one, two, three = (visitor.receive() for _ in futures)
    visitor.send(confirmation(one, 1), too_fast(two), too_fast(three, 5.0), broadcast(2))
    assert room.next_message().seq == 2
    futures.append(room.submit("4"))
    assert visitor.receive() == two
    visitor.confirm(two, 3)
    assert visitor.receive() == three
    four = visitor.expect("PM")
    assert four["message"] == "4"
    visitor.send(confirmation(three, 1), confirmation(four, 4))
    assert [future.result(DEADLINE).seq for future in futures] == [1, 3, 1, 4]


def test_other_requests_and_messages_of_others_do_not_wait(peer: Peer) -> None:
    room, visitor = peer.enter()
    room.submit("hello")
    put_off(visitor, visitor.expect("PM"), 3600.0)
    visitor.send(broadcast(1))
    assert room.next_message().seq == 1
    asking = peer.run(room.who)
    request = visitor.expect("WHO")
    visitor.send({"type": "active_users", "users": ["bob"], "id": request["id"]})
    assert asking.result(DEADLINE) == ("bob",)


def test_who_cannot_wait_so_long_is_told_that_it_was_not_sent(peer: Peer) -> None:
    room, visitor = peer.enter()
    sending = peer.run(lambda: room.send("hello", timeout=0.2))
    put_off(visitor, visitor.expect("PM"), 3600.0)
    with pytest.raises(RequestTimeout, match="took no more messages for"):
        sending.result(DEADLINE)
    future = room.submit("another")
    visitor.confirm(visitor.expect("PM"), 1)
    assert future.result(DEADLINE).seq == 1


@pytest.mark.parametrize("fields", [{}, {"retry_after": None}])
def test_without_a_time_the_program_is_told(peer: Peer, fields: dict[str, object]) -> None:
    room, visitor = peer.enter()
    future = room.submit("hello")
    request = visitor.expect("PM")
    visitor.send(refusal("rate_limited", id=request["id"], **fields))
    with pytest.raises(Refused, match="rate_limited"):
        future.result(DEADLINE)


def test_what_has_no_id_or_an_unknown_one_harms_nobody(peer: Peer) -> None:
    room, visitor = peer.enter()
    visitor.send(
        refusal("rate_limited", retry_after=SOON),
        refusal("rate_limited", retry_after=SOON, id="nobody"),
        broadcast(1),
    )
    assert room.next_message().seq == 1


def test_what_waits_goes_out_on_a_new_line(peer: Peer) -> None:
    room, visitor = peer.enter()
    future = room.submit("hello")
    first = visitor.expect("PM")
    put_off(visitor, first, 3600.0)
    visitor.send(broadcast(1))
    room.next_message()
    visitor.hang_up()
    again = peer.accept()
    again.welcome()
    put_off(again, again.expect("PM"))
    assert again.receive() == first
    again.confirm(first, 2)
    assert future.result(DEADLINE).seq == 2


def test_leaving_waits_for_its_turn_too(peer: Peer) -> None:
    """What was sent before is still stored, if there is time for it."""
    room, visitor = peer.enter()
    future = room.submit("hello")
    first = visitor.expect("PM")
    put_off(visitor, first)
    visitor.send(broadcast(1))
    room.next_message()
    closing = peer.run(lambda: room.close(timeout=DEADLINE))
    assert visitor.receive() == first
    visitor.confirm(first, 2)
    visitor.say_bye()
    closing.result(DEADLINE)
    assert future.result(0).seq == 2


def test_leaving_does_not_wait_for_ever(peer: Peer) -> None:
    room, visitor = peer.enter()
    future = room.submit("hello")
    put_off(visitor, visitor.expect("PM"), 3600.0)
    visitor.send(broadcast(1))
    room.next_message()
    room.close(timeout=0.1)
    with pytest.raises(Closed):
        future.result(0)
    assert visitor.at_end()


def test_what_waits_at_the_end_is_sent_at_the_next_start(peer: Peer, tmp_path: Path) -> None:
    room, visitor = peer.enter(state=tmp_path / "state")
    room.submit("hello")
    first = visitor.expect("PM")
    put_off(visitor, first, 3600.0)
    visitor.send(broadcast(1))
    room.commit(room.next_message())
    room.close(timeout=0.1)
    _, visitor = peer.enter(state=tmp_path / "state")
    put_off(visitor, visitor.expect("PM"))
    assert visitor.receive() == first


def test_a_real_server_stores_all_in_order() -> None:
    """Far more at once than it takes, by two connections of one account."""
    with running(messages_per_second=200, message_burst=5) as server:
        host, port = server.address
        with (
            connect(f"{host}:{port}", username="bob", password="secret") as room,
            connect(f"{host}:{port}", username="bob", password="secret") as other,
            connect(f"{host}:{port}", username="alice", password="secret") as alice,
        ):
            futures = [
                each.submit(f"{number}", to=to)
                for number in range(30)
                for each, to in ((room, None), (other, "alice"))
            ]
            for future in futures:
                assert not future.result(DEADLINE).duplicate
            heard = [alice.next_message() for _ in futures]
            expected = [f"{number}" for number in range(30)]
            assert [message.text for message in heard if not message.private] == expected
            assert [message.text for message in heard if message.private] == expected
