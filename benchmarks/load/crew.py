"""The processes of the load generator, as whoever conducts them sees them."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from multiprocessing.connection import Connection as Pipe
from multiprocessing.connection import wait
from types import TracebackType
from typing import Self, TypeVar

from benchmarks import interrupts
from benchmarks.load import orders
from benchmarks.load.station import LoadFailed
from benchmarks.paths import ROOT

SLACK = 30.0
"""Seconds beyond what an order allows, after which a process counts as stuck."""

ENDED = "A process of the load generator has ended."

T = TypeVar("T")


class Crew:
    """Some processes that hold clients; a context manager that ends them.

    Clients are numbered from 0 and dealt to the processes in ranges, so that partners (0 and 1,
    2 and 3, ...) are in one process. All senders to a room are in the first.

    Args:
        size: how many processes.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._pipes: list[Pipe] = []
        self._processes: list[subprocess.Popen[bytes]] = []

    @property
    def size(self) -> int:
        """How many processes there are."""
        return self._size

    @property
    def pids(self) -> list[int]:
        """The processes, in their order."""
        return [process.pid for process in self._processes]

    def __enter__(self) -> Self:
        """Start them."""
        self._start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End them."""
        self._end()

    def ask(self, given: Mapping[int, orders.Order], kind: type[T], seconds: float) -> dict[int, T]:
        """Give orders and return the answers.

        Args:
            given: by the index of the process, what it is to do.
            kind: what it answers.
            seconds: how long the orders may take.

        Raises:
            LoadFailed: an order could not be carried out, or not in time.
        """
        for index, order in given.items():
            self.send(index, order)
        return self.collect(given, kind, seconds)

    def collect(self, indices: Iterable[int], kind: type[T], seconds: float) -> dict[int, T]:
        """Return the answers of some processes; see `ask`."""
        waiting = {self._pipes[index]: index for index in indices}
        answers: dict[int, T] = {}
        failures: list[str] = []
        deadline = time.monotonic() + seconds + SLACK
        while waiting:
            ready = wait(waiting, max(0.0, deadline - time.monotonic()))
            if not ready:
                raise LoadFailed("The load generator is stuck.")
            for pipe in ready:
                assert isinstance(pipe, Pipe)
                index = waiting.pop(pipe)
                answer = self._receive(pipe)
                if isinstance(answer, orders.Failed):
                    failures.append(answer.reason)
                elif isinstance(answer, kind):
                    answers[index] = answer
                else:
                    failures.append(f"The load generator answered {answer}.")
        if failures:
            raise LoadFailed(" ".join(failures))
        return answers

    def send(self, index: int, order: orders.Order) -> None:
        """Give an order to one process; `collect` returns the answer.

        Raises:
            LoadFailed: the process has ended.
        """
        try:
            self._pipes[index].send(order)
        except OSError:
            raise LoadFailed(ENDED) from None

    def all(self, order: orders.Order, seconds: float = 0.0) -> None:
        """Give all the same order, one that has no answer.

        Raises:
            LoadFailed: see `ask`.
        """
        self.ask(dict.fromkeys(range(self._size), order), orders.Done, seconds)

    def restart(self) -> None:
        """Start anew, as after an order that failed."""
        self._end()
        self._start()

    def _start(self) -> None:
        """Start all processes, each with a pipe, and the first with a relay from each other one."""
        relays = [socket.socketpair() for _ in range(self._size - 1)]
        try:
            self._start_one(0, [to_first for to_first, _ in relays])
            for index, (_, from_other) in enumerate(relays, 1):
                self._start_one(index, [from_other])
        except BaseException:
            self._end()
            raise
        finally:
            for pair in relays:
                for end in pair:
                    end.close()

    def _start_one(self, index: int, relays: Sequence[socket.socket]) -> None:
        ours, theirs = socket.socketpair()
        with theirs, interrupts.held():
            descriptors = [relay.fileno() for relay in relays]
            words = [str(word) for word in (theirs.fileno(), index, *descriptors)]
            process = subprocess.Popen(
                [sys.executable, "-m", "benchmarks.load.worker", *words],
                cwd=ROOT,
                pass_fds=[theirs.fileno(), *descriptors],
                start_new_session=True,
            )
            self._processes.append(process)
            self._pipes.append(Pipe(ours.detach()))

    def _end(self) -> None:
        for pipe in self._pipes:
            pipe.close()
        for process in self._processes:
            try:
                process.wait(2)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._pipes.clear()
        self._processes.clear()

    @staticmethod
    def _receive(pipe: Pipe) -> object:
        try:
            answer: object = pipe.recv()
        except (EOFError, ConnectionError):
            raise LoadFailed(ENDED) from None
        return answer


def deal(clients: int, processes: int, first: int = 0) -> list[range]:
    """Return which clients each process holds: ranges that begin with an even number.

    Args:
        clients: how many there are.
        processes: among how many they are dealt.
        first: how many the first process must have at least.
    """
    ranges: list[range] = []
    start = 0
    for index in range(processes):
        share = -(-(clients - start) // (processes - index))
        if index == 0:
            share = max(share, first)
        ranges.append(range(start, min(start + share + share % 2, clients)))
        start = ranges[-1].stop
    return ranges


def default_size() -> int:
    """Return how many processes make the load: one for each core but one, and two at least."""
    return max(2, (os.cpu_count() or 2) - 1)
