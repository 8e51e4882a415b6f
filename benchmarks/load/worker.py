"""A process of the load generator: it carries out orders, and reads its clients meanwhile.

It is started as `python -m benchmarks.load.worker DESCRIPTOR INDEX RELAY ...`. The descriptor is
one end of a socket pair; when the other end is closed the process ends. The relays are descriptors
too: the process with the index 0 has one from each of the others, in their order, and each of these
has one to it.
"""

import signal
import socket
import sys
import time
from collections.abc import Callable
from functools import partial
from multiprocessing.connection import Connection as Pipe

from benchmarks.load import orders
from benchmarks.load.arrivals import Relays, relaying
from benchmarks.load.languages import LANGUAGES
from benchmarks.load.senders import Conversation
from benchmarks.load.station import LoadFailed, Station
from benchmarks.load.wire import Json, Resumption

FAULTS = 10
"""How many faults are told at most."""


class Worker:
    """Carries out the orders of one conductor.

    Args:
        pipe: where the orders come from and the replies go to.
        relays: by the index of another process, the way from or to it.
    """

    def __init__(self, pipe: Pipe, relays: dict[int, socket.socket]) -> None:
        self._pipe = pipe
        self._to_first = relays.pop(0, None)
        self._relays = Relays(relays)
        others: dict[int, Callable[[], None]] = {
            descriptor: partial(self._relays.read, index)
            for descriptor, index in self._relays.descriptors.items()
        }
        self._is_asked = False
        self._station = Station(others | {pipe.fileno(): self._note_order})
        self._said = 0  # an upper bound of what each client has said
        self._used = 0.0  # by this process, at the last reset
        self._parted: list[Json] = []

    def run(self) -> None:
        """Read, and carry out orders, until the conductor is gone."""
        try:
            while True:
                self._station.pump(-1)
                if self._is_asked:
                    self._is_asked = False
                    order: orders.Order = self._pipe.recv()
                    self._pipe.send(self._carry_out(order))
        except (EOFError, ConnectionError):
            pass
        finally:
            self._station.close()

    def _note_order(self) -> None:
        self._is_asked = True

    def _carry_out(self, order: orders.Order) -> orders.Reply:
        try:
            return self._reply(order)
        except LoadFailed as failed:
            return orders.Failed(str(failed))

    def _reply(self, order: orders.Order) -> orders.Reply:
        match order:
            case orders.Enter():
                return self._enter(order)
            case orders.Talk():
                return self._talk(order)
            case orders.Drain():
                return self._drain(order)
            case orders.Return():
                return self._return(order)
            case orders.Settle():
                self._station.settle(order.quiet, time.monotonic() + order.seconds)
            case orders.Reset():
                self._station.reset()
                self._relays.forget()
                self._used = time.process_time()
            case orders.Witness():
                self._witness()
            case orders.Part():
                self._part()
            case orders.Leave():
                self._station.leave()
                self._said = 0
        return orders.Done()

    def _enter(self, order: orders.Enter) -> orders.Entered:
        first = time.monotonic_ns()
        kind = LANGUAGES[order.language]
        entrances = [kind(number) for number in order.numbers]
        deadline = time.monotonic() + order.seconds
        self._station.enter(entrances, order.port, order.pace, deadline)
        return orders.Entered(first, time.monotonic_ns())

    def _talk(self, order: orders.Talk) -> orders.Talked:
        conversation = Conversation(self._station, order, self._said, self._relays)
        started = conversation.talk()
        sent = {number: sender.sent for number, sender in conversation.senders.items()}
        self._said += max(sent.values())
        return orders.Talked(sent, started)

    def _witness(self) -> None:
        assert self._to_first is not None
        last = max(self._station.clients)
        self._station.clients[last].hook = relaying(self._to_first)

    def _drain(self, order: orders.Drain) -> orders.Drained:
        station = self._station
        deadline = time.monotonic() + order.seconds
        while self._is_missing(order) and station.await_news(
            min(deadline, time.monotonic() + order.silence)
        ):
            pass
        used = time.process_time() - self._used
        faults = self._faults(order)[:FAULTS]
        return orders.Drained(station.last_ns, faults, station.samples.seen, used)

    def _is_missing(self, order: orders.Drain) -> bool:
        clients = self._station.clients
        if self._station.lost:
            return False
        return any(clients[number].got < due for number, due in order.deliveries.items()) or any(
            clients[number].confirmed < due for number, due in order.confirmations.items()
        )

    def _faults(self, order: orders.Drain) -> list[str]:
        clients = self._station.clients
        faults = [f"c{number} was cut off by the server." for number in self._station.lost]
        for number, due in order.deliveries.items():
            if (got := clients[number].got) != due:
                faults.append(f"c{number} got {got} of {due} messages.")
        for number, due in order.confirmations.items():
            if (confirmed := clients[number].confirmed) != due:
                faults.append(f"c{number} got {confirmed} of {due} confirmations.")
        return faults

    def _part(self) -> None:
        entrances = [client.entrance for client in self._station.clients.values()]
        self._parted = [each for each in entrances if isinstance(each, Json)]
        self._station.leave()

    def _return(self, order: orders.Return) -> orders.Returned:
        entrances = [Resumption(left, order.after) for left in self._parted]
        deadline = time.monotonic() + order.seconds
        first = time.monotonic_ns()
        station = self._station
        station.enter(entrances, order.port, len(entrances), deadline)
        clients = station.clients.values()
        if not station.pump_until(
            lambda: all(each.got >= order.missed for each in clients), deadline
        ):
            behind = sum(each.got < order.missed for each in clients)
            raise LoadFailed(f"{behind} clients had not caught up in time.")
        return orders.Returned(first, time.monotonic_ns())


def main() -> None:
    """Work for whoever holds the other end of the descriptor on the command line."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the conductor sees to it, and closes the pipe
    pipe, index, *relays = (int(word) for word in sys.argv[1:])
    others = range(1, 1 + len(relays)) if index == 0 else [0]
    ways = zip(others, relays, strict=True)
    Worker(Pipe(pipe), {other: socket.socket(fileno=relay) for other, relay in ways}).run()


if __name__ == "__main__":
    main()
