import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from chatroom.client.errors import Closed, ConnectionLost, RequestTimeout
from chatroom.client.pending import Pending
from chatroom.client.requests import PingRequest, WhoRequest
from chatroom.client.wire import Pong, Roster
from chatroom.protocol.frames import FrameDecoder
from tests.client.peer import DEADLINE

_EVERYTHING = 1 << 20


def _soon() -> float:
    return time.monotonic() + DEADLINE


def _ids(data: bytes) -> list[object]:
    return [frame["id"] for frame in FrameDecoder(1 << 20).feed(data) if isinstance(frame, dict)]


def _filled(*names: str) -> Pending:
    pending = Pending(10)
    for name in names:
        pending.add(WhoRequest(name), _soon())
    return pending


def test_requests_go_out_once_in_order() -> None:
    pending = _filled("a", "b", "c")
    assert _ids(pending.take(_EVERYTHING)) == ["a", "b", "c"]
    assert pending.take(_EVERYTHING) == b""


def test_a_portion_ends_with_the_frame_that_fills_it() -> None:
    pending = _filled("a", "b")
    assert _ids(pending.take(1)) == ["a"]
    assert _ids(pending.take(1)) == ["b"]


def test_a_rewind_sends_what_is_unanswered_again_in_order() -> None:
    pending = _filled("a", "b", "c")
    pending.take(1)
    pending.take(1)
    pending.answer([("a", Roster(()))])
    pending.rewind()
    assert _ids(pending.take(_EVERYTHING)) == ["b", "c"]


def test_answers_to_nothing_are_ignored() -> None:
    pending = _filled("a")
    pending.answer([("nobody", Pong())])
    assert _ids(pending.take(_EVERYTHING)) == ["a"]


def test_the_oldest_is_known_once_it_has_been_sent() -> None:
    """Before that no answer can be for it."""
    pending = _filled("a", "b")
    before = pending.oldest_id
    pending.take(_EVERYTHING)
    sent = pending.oldest_id
    pending.answer([("a", Roster(()))])
    assert (before, sent, pending.oldest_id) == (None, "a", "b")


def test_a_withdrawn_request_is_not_sent() -> None:
    pending = Pending(10)
    request = WhoRequest("a")
    pending.add(request, _soon())
    assert pending.withdraw(request)
    assert not pending.withdraw(request)
    assert pending.take(_EVERYTHING) == b""


def test_a_withdrawn_request_is_not_sent_again() -> None:
    pending = Pending(10)
    request = WhoRequest("a")
    pending.add(request, _soon())
    pending.take(_EVERYTHING)
    assert pending.withdraw(request)
    pending.rewind()
    assert pending.take(_EVERYTHING) == b""


def test_one_too_many_waits_until_an_answer_makes_room() -> None:
    pending = Pending(1)
    pending.add(WhoRequest("a"), _soon())
    with pytest.raises(RequestTimeout, match="this one was not sent"):
        pending.add(WhoRequest("b"), time.monotonic())
    with ThreadPoolExecutor(1) as threads:
        adding = threads.submit(pending.add, WhoRequest("c"), _soon())
        pending.answer([("a", Roster(()))])
        adding.result(DEADLINE)
    assert _ids(pending.take(_EVERYTHING)) == ["a", "c"]


def test_the_end_fails_all_and_wakes_who_waits_for_room() -> None:
    pending = Pending(1)
    request = PingRequest("a")
    pending.add(request, _soon())
    with ThreadPoolExecutor(1) as threads:
        adding = threads.submit(pending.add, WhoRequest("b"), _soon())
        pending.end(lambda: ConnectionLost("gone"))
        with pytest.raises(ConnectionLost, match="gone"):
            adding.result(DEADLINE)
    with pytest.raises(ConnectionLost, match="gone"):
        request.future.result(0)
    pending.end(Closed)
    with pytest.raises(Closed):
        pending.add(WhoRequest("c"), _soon())
