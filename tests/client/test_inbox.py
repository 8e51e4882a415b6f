import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from chatroom.client.errors import Closed, ConnectionLost, ReaderTooSlow, RequestTimeout
from chatroom.client.events import Message
from chatroom.client.inbox import Inbox
from tests.client.peer import DEADLINE


def _message(seq: int) -> Message:
    return Message("alice", "hello", False, None, seq, seq - 1, "e", 0.0)


def test_messages_come_out_in_the_order_they_went_in() -> None:
    inbox = Inbox(10)
    inbox.put([_message(1), _message(2)])
    inbox.put([_message(3)])
    assert [inbox.get(0.0).seq for _ in range(3)] == [1, 2, 3]


def test_a_full_inbox_drops_the_oldest_and_says_so_once() -> None:
    inbox = Inbox(2)
    inbox.put([_message(1)])
    inbox.put([_message(2), _message(3), _message(4)])
    with pytest.raises(ReaderTooSlow, match="2 messages") as caught:
        inbox.get(0.0)
    assert caught.value.skipped == 2
    assert [inbox.get(0.0).seq, inbox.get(0.0).seq] == [3, 4]


def test_nothing_in_time_is_a_timeout() -> None:
    with pytest.raises(RequestTimeout, match=r"0\.01 seconds"):
        Inbox(1).get(0.01)


def test_every_waiting_reader_gets_a_message_of_a_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    waiting = threading.Semaphore(0)

    class Telling(threading.Condition):
        def wait(self, timeout: float | None = None) -> bool:
            waiting.release()
            return super().wait(timeout)

    monkeypatch.setattr(threading, "Condition", Telling)
    inbox = Inbox(10)
    monkeypatch.undo()
    with ThreadPoolExecutor(3) as threads:
        readers = [threads.submit(inbox.get, 3 * DEADLINE) for _ in range(3)]
        assert all(waiting.acquire(timeout=DEADLINE) for _ in readers)
        inbox.put([_message(1), _message(2), _message(3)])
        assert {reader.result(DEADLINE).seq for reader in readers} == {1, 2, 3}


def test_an_end_may_give_out_what_is_left_first() -> None:
    inbox = Inbox(10)
    inbox.put([_message(1)])
    inbox.end(lambda: ConnectionLost("gone"), discard=False)
    assert inbox.get(0.0).seq == 1
    with pytest.raises(ConnectionLost, match="gone"):
        inbox.get(None)


def test_an_end_may_drop_what_is_left_and_what_comes() -> None:
    inbox = Inbox(1)
    inbox.put([_message(1), _message(2)])
    inbox.end(Closed, discard=True)
    inbox.put([_message(3)])
    with pytest.raises(Closed):
        inbox.get(0.0)
