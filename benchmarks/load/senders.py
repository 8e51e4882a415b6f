"""Those who say something: in a closed loop, or at a fixed rate."""

import time
from functools import partial

from benchmarks.load import texts
from benchmarks.load.arrivals import Arrivals, Relays
from benchmarks.load.connection import Connection, Hook
from benchmarks.load.orders import Pace, Talk, Window
from benchmarks.load.station import Station

SPIN_SECONDS = 0.001
"""Before a message is due the process does not sleep for less than this, which epoll cannot."""


class Sender:
    """A client that says something, over and over.

    Each message is written to the socket by itself: what is measured is many messages of many
    people, not one program that saves system calls by putting its messages together.

    Args:
        connection: the client.
        text_bytes: how long its messages are.
        to: the number of the client it writes to, None for the room.
        first: the number of its first message; never used by this client before.
    """

    def __init__(self, connection: Connection, text_bytes: int, to: int | None, first: int) -> None:
        self.connection = connection
        self.sent = 0
        entrance = connection.entrance
        self._wrapping = entrance.to_room() if to is None else entrance.to_client(to)
        self._size = text_bytes
        self._text = texts.plain(connection.number, text_bytes)
        self._first = first

    def say(self, count: int = 1) -> None:
        """Send some messages."""
        write, wrap, text = self.connection.write, self._wrapping.wrap, self._text
        first = self._first + self.sent
        self.sent += count
        for number in range(first, first + count):
            write(wrap(text, number))

    def say_sampled(self, at: int) -> None:
        """Send a message of which the latency is measured.

        Args:
            at: when it is sent, in nanoseconds of the monotonic clock.
        """
        text = texts.sampled(self.connection.number, self._size, at)
        self.connection.write(self._wrapping.wrap(text, self._first + self.sent))
        self.sent += 1


class Conversation:
    """Some senders and how they go on; `talk` runs it.

    Args:
        station: where the clients are.
        talk: what is to be said.
        first: the number of the first message of each sender.
        relays: where witnesses of other processes are heard.
    """

    def __init__(self, station: Station, talk: Talk, first: int, relays: Relays) -> None:
        self._station = station
        self._relays = relays
        self._talk = talk
        self._window = talk.how if isinstance(talk.how, Window) else None
        partners = self._window is not None and self._window.partners
        self.senders = {
            number: Sender(
                station.clients[number], talk.text_bytes, number ^ 1 if partners else None, first
            )
            for number in talk.senders
        }
        self._is_on = False
        self._sample_every = int(1e9 / talk.samples_per_second)
        self._sample_next = 0
        self._listen()

    def talk(self) -> int:
        """Talk for as long as it was ordered; return when it began, in nanoseconds."""
        self._is_on = True
        started = time.monotonic_ns()
        deadline = started + int(self._talk.seconds * 1e9)
        if isinstance(self._talk.how, Pace):
            self._keep_pace(self._talk.how.rate, started, deadline)
        else:
            self._keep_window(self._talk.how, deadline)
        self._is_on = False
        return started

    def _keep_window(self, window: Window, deadline: int) -> None:
        for sender in self.senders.values():
            self._go_on(sender, window.size)
        while (left := deadline - time.monotonic_ns()) > 0 and not self._all_said(window):
            self._station.pump(left / 1e9)

    def _all_said(self, window: Window) -> bool:
        most = window.most
        return most is not None and all(each.sent >= most for each in self.senders.values())

    def _go_on(self, sender: Sender, count: int) -> None:
        """Say `count` more, as so many are no longer in flight."""
        if not self._is_on:
            return
        if self._window is not None and self._window.most is not None:
            count = min(count, self._window.most - sender.sent)
        if count <= 0:
            return
        now = time.monotonic_ns()
        if now >= self._sample_next:
            self._sample_next = now + self._sample_every
            sender.say_sampled(now)
            count -= 1
        sender.say(count)

    def _keep_pace(self, rate: float, started: int, deadline: int) -> None:
        senders = list(self.senders.values())
        step = int(1e9 / rate)
        for turn, due in enumerate(range(started, deadline, step)):
            while (left := (due - time.monotonic_ns()) / 1e9) > 0:
                self._station.pump(left if left > SPIN_SECONDS else 0)
            senders[turn % len(senders)].say_sampled(due)

    def _listen(self) -> None:
        """Hook everything in that tells which messages are no longer in flight."""
        confirming = any(each.connection.entrance.confirms for each in self.senders.values())
        for sender in self.senders.values():
            if confirming:
                sender.connection.hook = self._on_confirmation(sender)
        if self._window is None or self._window.until_confirmed:
            return
        if self._window.partners:
            for number, sender in self.senders.items():
                reader = self._station.clients[number ^ 1]
                reader.hook = both(self._on_delivery(sender), reader.hook)
        else:
            self._listen_to_witnesses()

    def _listen_to_witnesses(self) -> None:
        """Let messages be no longer in flight when all witnesses have them.

        Those of this process are the first and the last who came, of those who only listen.
        """
        listeners = [
            client for number, client in self._station.clients.items() if number not in self.senders
        ]
        elsewhere = self._talk.witnesses_in
        arrivals = Arrivals(
            2 + len(elsewhere), lambda number, count: self._go_on(self.senders[number], count)
        )
        listeners[0].hook = arrivals.hook(0)
        listeners[-1].hook = arrivals.hook(1)
        for index, process in enumerate(elsewhere, 2):
            self._relays.take_from(process, partial(arrivals.read, index))

    def _on_confirmation(self, sender: Sender) -> Hook:
        connection = sender.connection
        goes_on = self._window is not None and self._window.until_confirmed

        def hook(data: bytearray, length: int, marks: int) -> None:  # noqa: ARG001
            confirmed = data.count(texts.CONFIRMED, 0, length)
            connection.confirmed += confirmed
            if goes_on:
                self._go_on(sender, confirmed)

        return hook

    def _on_delivery(self, sender: Sender) -> Hook:
        def hook(data: bytearray, length: int, marks: int) -> None:  # noqa: ARG001
            self._go_on(sender, marks)

        return hook


def both(first: Hook, second: Hook | None) -> Hook:
    """Return a hook that calls two."""
    if second is None:
        return first
    other = second

    def hook(data: bytearray, length: int, marks: int) -> None:
        first(data, length, marks)
        other(data, length, marks)

    return hook
