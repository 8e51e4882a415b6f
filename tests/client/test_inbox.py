import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from chatroom.client import inbox as inbox_module
from chatroom.client.errors import Closed, ConnectionLost, ReaderTooSlow, RequestTimeout
from chatroom.client.events import Message
from chatroom.client.inbox import Inbox
from tests.client.peer import DEADLINE


@pytest.fixture
def waiting(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Returns once one more thread waits in an inbox."""
    waits = threading.Semaphore(0)

    class Telling(threading.Condition):
        def wait(self, timeout: float | None = None) -> bool:
            waits.release()
            return super().wait(timeout)

    there = SimpleNamespace(Lock=threading.Lock, Condition=Telling)
    monkeypatch.setattr(inbox_module, "threading", there)

    def one_more() -> None:
        assert waits.acquire(timeout=DEADLINE)

    return one_more


def _message(seq: int) -> Message:
    return Message("alice", "hello", False, None, seq, seq - 1, "e", 0.0)


def test_messages_come_out_in_the_order_they_went_in() -> None:
    inbox = Inbox(10)
    inbox.put([_message(1), _message(2)])
    inbox.put([_message(3)])
    assert [inbox.get(0.0).seq for _ in range(3)] == [1, 2, 3]


def test_a_full_lossy_inbox_drops_the_oldest_and_says_so_once() -> None:
    inbox = Inbox(2, lossy=True)
    inbox.put([_message(1)])
    assert inbox.space > 1_000_000
    inbox.put([_message(2), _message(3), _message(4)])
    with pytest.raises(ReaderTooSlow, match="2 messages") as caught:
        inbox.get(0.0)
    assert caught.value.skipped == 2
    assert [inbox.get(0.0).seq, inbox.get(0.0).seq] == [3, 4]


def _full(limit: int) -> Inbox:
    inbox = Inbox(limit)
    inbox.put([_message(seq) for seq in range(1, limit + 1)])
    assert inbox.space == 0
    return inbox


def _nobody() -> None:
    pytest.fail("nobody is to be told")


def test_the_listening_thread_waits_for_readers_who_get_on(
    waiting: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It goes on when an eighth of the inbox is free."""
    monkeypatch.setattr(inbox_module, "PATIENCE_SECONDS", DEADLINE)
    inbox = _full(16)
    with ThreadPoolExecutor(1) as threads:
        put = threads.submit(inbox.wait_for_space, _nobody)
        waiting()
        inbox.get(0.0)
        assert not put.done()
        inbox.get(0.0)
        assert put.result(DEADLINE) == 2


def test_it_does_not_wait_for_a_reader_who_takes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox_module, "PATIENCE_SECONDS", 0.02)
    emptied = threading.Event()
    inbox = _full(16)
    assert inbox.wait_for_space(emptied.set) == 0
    for _ in range(16):
        assert not emptied.is_set()
        inbox.get(0.0)
    assert emptied.is_set()


def test_it_does_not_wait_long_for_a_reader_who_takes_too_little(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(inbox_module, "LONGEST_WAIT_SECONDS", 0.0)
    monkeypatch.setattr(inbox_module, "PATIENCE_SECONDS", 0.2)
    inbox = _full(16)
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(inbox.wait_for_space, _nobody)
        inbox.get(0.0)
        assert waiting.result(DEADLINE) == 0
    inbox.forget_callback()
    for _ in range(15):
        inbox.get(0.0)


def test_it_does_not_wait_while_somebody_waits_for_an_answer() -> None:
    """Whoever reads the inbox may be the one who waits."""
    inbox = _full(16)
    with inbox.hurry():
        assert inbox.wait_for_space(_nobody) == 0
    inbox.forget_callback()
    inbox.get(0.0)
    with inbox.hurry():
        assert inbox.wait_for_space(_nobody) == 1


def test_who_begins_to_wait_for_an_answer_ends_the_waiting(
    waiting: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox_module, "PATIENCE_SECONDS", DEADLINE)
    inbox = _full(16)
    with ThreadPoolExecutor(1) as threads:
        put = threads.submit(inbox.wait_for_space, lambda: None)
        waiting()
        with inbox.hurry():
            assert put.result(DEADLINE) == 0


def test_the_end_ends_the_waiting(
    waiting: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox_module, "PATIENCE_SECONDS", DEADLINE)
    inbox = _full(16)
    with ThreadPoolExecutor(1) as threads:
        put = threads.submit(inbox.wait_for_space, _nobody)
        waiting()
        inbox.end(Closed, discard=True)
        assert put.result(DEADLINE) > 0


def test_nobody_is_told_of_an_inbox_that_was_emptied_by_its_end() -> None:
    inbox = _full(1)
    with inbox.hurry():
        assert inbox.wait_for_space(_nobody) == 0
    inbox.end(lambda: ConnectionLost("gone"), discard=False)
    assert inbox.get(0.0).seq == 1


def test_nothing_in_time_is_a_timeout() -> None:
    with pytest.raises(RequestTimeout, match=r"0\.01 seconds"):
        Inbox(1).get(0.01)


def test_every_waiting_reader_gets_a_message_of_a_batch(waiting: Callable[[], None]) -> None:
    inbox = Inbox(10)
    with ThreadPoolExecutor(3) as threads:
        readers = [threads.submit(inbox.get, 3 * DEADLINE) for _ in range(3)]
        for _ in readers:
            waiting()
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
