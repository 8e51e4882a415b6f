"""The program of one client: `python -m chatroom.selftest.client ORDERS`.

It says what its script says, writes down everything that happens, and is killed at any moment. Its
next life goes on from the state file of the library. It ends with the self-test: at the end of its
standard input it is gone.
"""

import itertools
import logging
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from functools import partial
from typing import NamedTuple

import msgspec

from chatroom.client import errors
from chatroom.client.connect import connect
from chatroom.client.events import Receipt
from chatroom.client.room import Room
from chatroom.client.wire import Confirmation
from chatroom.selftest.again import send_again
from chatroom.selftest.desk import Desk
from chatroom.selftest.hearing import Hearing, Manner
from chatroom.selftest.journal import Journal
from chatroom.selftest.orders import Orders
from chatroom.selftest.plan import name_of, script
from chatroom.selftest.records import (
    Again,
    Confirmed,
    Denied,
    Entered,
    Offered,
    Refused,
    Rested,
    Sent,
    Withheld,
)

WINDOW = 20
"""How many messages may be unanswered before the client says no more."""

REMEMBERED = 100
"""How many confirmed messages are kept to be sent again."""

_INPUT, _OUTPUT = 0, 1  # standard input and output
_PASSWORD = "self-test"  # noqa: S105  # nosec B105  # of accounts that live for minutes
_CONNECT_SECONDS = 4.0
_LONGEST_PAUSE = 0.4  # seconds; the server is killed again soon
_RETRY_SECONDS = 0.1  # before another attempt to enter
_LONGEST_LAST = 50  # characters of a message that may be somebody's last
_TALLY_SECONDS = 1.0  # between two reports of how many messages there were


class _Known(NamedTuple):
    """A message that was confirmed."""

    text: str
    to: str | None
    id: str


class Talker:
    """One life of a client. Its methods are for the main thread but where they say otherwise.

    Args:
        orders: What it is told.
        journal: Where everything is written down.
        desk: Where its threads meet.
    """

    def __init__(self, orders: Orders, journal: Journal, desk: Desk) -> None:
        self._orders = orders
        self._journal = journal
        self._desk = desk
        manner = Manner((orders.client + orders.life) % len(Manner))
        self._hearing = Hearing(manner, journal, self._hear, desk.fail)
        self._confirmed = 0
        self._told = (0, 0)  # of confirmed and received, what was reported
        self._told_at = time.monotonic()
        self._known: deque[_Known] = deque(maxlen=REMEMBERED)
        self._room = self._enter()
        self._hearing.start(self._room)
        journal.add(Entered())
        _tell("entered")

    def _enter(self) -> Room:
        """Comes in, however often it takes: the server may be down, and connections are cut."""
        while True:
            try:
                return connect(
                    f"127.0.0.1:{self._orders.port}",
                    username=self._orders.name,
                    password=_PASSWORD,
                    timeout=_CONNECT_SECONDS,
                    on_event=self._hearing.on_event,
                    state=self._orders.state,
                    longest_pause=_LONGEST_PAUSE,
                )
            except errors.Unreachable:
                self._desk.sleep(_RETRY_SECONDS)

    def talk(self) -> None:
        """Says what the script says until it is told to be calm."""
        orders = self._orders
        self._desk.await_order("talk")
        for pause, text, to, again in script(orders.settings, orders.client, orders.life):
            if not self._desk.pause(pause, WINDOW):
                return
            self._say(text, to)
            if again and self._known:
                self._say_again(self._known.popleft())
            if time.monotonic() - self._told_at > _TALLY_SECONDS:
                self._tally()

    def come_to_rest(self) -> None:
        """Waits until everything is answered and has come.

        What an earlier life left unanswered goes out before what this one says, so when a message
        of this one is confirmed, all that is answered too. When all clients are that far, each
        writes a last message to itself and the first one says one to all: whoever has received
        these has received everything.
        """
        self._write_to_myself("calm")
        _tell("calm")
        self._desk.await_order("last")
        for_all = f"{name_of(0)}-last"
        if self._orders.client == 0:
            self._say(for_all, None)
        mine = self._write_to_myself("last")
        self._desk.await_message(mine)
        if self._orders.client != 0:
            self._desk.await_message(for_all)
        self._journal.add(Rested())
        self._tally()
        _tell("rested")
        self._desk.await_order("leave")
        self._room.close()

    def _write_to_myself(self, word: str) -> str:
        """Writes to itself until that is confirmed, with all that went before; returns the text."""
        for number in itertools.count(1):
            text = f"{self._orders.name}-{self._orders.life}-{word}-{number}"
            self._say(text, self._orders.name)
            self._desk.await_answers()
            if self._known and self._known[-1].text == text:
                return text
            self._desk.sleep(_RETRY_SECONDS)
        raise AssertionError

    def _say(self, text: str, to: str | None) -> None:
        self._journal.add(Offered(text, to))
        self._desk.sent(1)
        try:
            future = self._room.submit(text, to=to)
        except errors.RequestTimeout as error:
            self._journal.add(Withheld(text, str(error)))
            self._desk.sent(-1)
            return
        self._journal.add(Sent(text))
        future.add_done_callback(partial(self._answered, text, to))

    def _answered(self, text: str, to: str | None, future: "Future[Receipt]") -> None:
        """Writes the answer to a message down. Called in the library's thread."""
        error = future.exception()
        if error is None:
            receipt = future.result()
            self._journal.add(Confirmed(text, receipt.seq, receipt.epoch, receipt.duplicate))
            self._known.append(_Known(text, to, receipt.id))
            self._confirmed += 1
        elif isinstance(error, errors.Refused):
            self._journal.add(Refused(text, error.code))
        self._desk.sent(-1)  # whatever else it is ends the client too

    def _say_again(self, known: _Known) -> None:
        """Sends something once more that was confirmed."""
        answer = send_again(
            self._orders.server_port,
            self._orders.name,
            _PASSWORD,
            known.id,
            known.text,
            known.to,
        )
        if answer is None:
            return
        if answer["type"] != "confirmation":
            self._journal.add(Denied(known.text, str(answer.get("code"))))
            return
        reply = msgspec.convert(answer, Confirmation)
        self._journal.add(Again(known.text, reply.seq, reply.epoch, reply.duplicate))

    def _hear(self, text: str) -> None:
        """Looks whether a message is the last one. Called in the thread that takes messages."""
        if len(text) < _LONGEST_LAST and "-last" in text:
            self._desk.saw(text)

    def _tally(self) -> None:
        """Reports how many messages there were since the last report."""
        now = (self._confirmed, self._hearing.received)
        _tell(f"tally {now[0] - self._told[0]} {now[1] - self._told[1]}")
        self._told, self._told_at = now, time.monotonic()


def _tell(words: str) -> None:
    os.write(_OUTPUT, f"{words}\n".encode())


def main(words: Sequence[str]) -> None:
    """Lives one life.

    Args:
        words: The orders, as JSON.
    """
    logging.basicConfig(format="%(asctime)s %(levelname)s %(threadName)s: %(message)s")
    orders = msgspec.json.decode(words[0], type=Orders)
    desk = Desk()
    threading.Thread(target=desk.read_orders, args=(_INPUT,), name="orders", daemon=True).start()
    journal = Journal(orders.journal)
    talker = Talker(orders, journal, desk)
    talker.talk()
    talker.come_to_rest()
    journal.close()


if __name__ == "__main__":
    main(sys.argv[1:])
