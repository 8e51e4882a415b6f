"""Where the threads of a client meet."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from chatroom.selftest.desk import ABANDONED, ClientFailed, Desk

DEADLINE = 20.0


@contextmanager
def in_a_thread(action: Callable[[], object]) -> Iterator[threading.Event]:
    """Runs something in a thread; yields what is set when it has come back."""
    done = threading.Event()

    def run() -> None:
        action()
        done.set()

    thread = threading.Thread(target=run, name="test")
    thread.start()
    yield done
    thread.join(DEADLINE)
    assert done.is_set()


@contextmanager
def orders(desk: Desk) -> Iterator[Callable[[str], None]]:
    """Reads orders in a thread; yields what gives them. They never end, or this process would."""
    source, sink = os.pipe()
    threading.Thread(target=desk.read_orders, args=(source,), name="orders", daemon=True).start()

    def give(text: str) -> None:
        os.write(sink, text.encode())

    yield give


def test_orders_are_lines_however_they_come() -> None:
    desk = Desk()
    with orders(desk) as give, in_a_thread(lambda: desk.await_order("talk")) as done:
        give("ta")
        assert not done.wait(0.05)
        give("lk\nle")
        assert done.wait(DEADLINE)
        give("ave\n")
        desk.await_order("leave")


def test_a_pause_is_as_long_as_it_should_be() -> None:
    began = time.monotonic()
    assert Desk().pause(0.1, window=1)
    assert time.monotonic() - began >= 0.1


def test_a_pause_ends_when_there_is_to_be_calm() -> None:
    desk = Desk()
    with orders(desk) as give:
        give("calm\n")
        desk.await_order("calm")
        assert not desk.pause(DEADLINE, window=1)


def test_a_pause_lasts_until_few_are_unanswered() -> None:
    desk = Desk()
    desk.sent(1)
    desk.sent(1)
    with in_a_thread(lambda: desk.pause(0.0, window=2)) as done:
        assert not done.wait(0.05)
        desk.sent(-1)
        assert done.wait(DEADLINE)


def test_answers_are_waited_for() -> None:
    desk = Desk()
    desk.await_answers()
    desk.sent(1)
    with in_a_thread(desk.await_answers) as done:
        assert not done.wait(0.05)
        desk.sent(-1)
        assert done.wait(DEADLINE)


def test_a_last_message_is_waited_for() -> None:
    desk = Desk()
    with in_a_thread(lambda: desk.await_message("last")) as done:
        desk.saw("another")
        assert not done.wait(0.05)
        desk.saw("last")
        assert done.wait(DEADLINE)


def test_a_failure_ends_every_wait() -> None:
    desk = Desk()
    desk.sent(1)
    desk.fail(ValueError("it broke"))
    for wait in (
        desk.await_answers,
        lambda: desk.await_order("talk"),
        lambda: desk.await_message("last"),
        lambda: desk.pause(0.0, window=1),
        lambda: desk.sleep(DEADLINE),
    ):
        with pytest.raises(ClientFailed, match="it broke"):
            wait()


def test_a_client_whose_self_test_is_gone_ends_at_once() -> None:
    program = (
        "import threading, time\n"
        "from chatroom.selftest.desk import Desk\n"
        "threading.Thread(target=Desk().read_orders, args=(0,), daemon=True).start()\n"
        "time.sleep(60)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], input=b"talk\n", timeout=DEADLINE, check=False
    )
    assert done.returncode == ABANDONED
