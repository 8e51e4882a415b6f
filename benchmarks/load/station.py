"""The clients of one process: connected, logged in, read and counted."""

import select
import time
from collections.abc import Callable, Iterable, Mapping

from benchmarks.load.connection import Connection
from benchmarks.load.samples import Samples
from benchmarks.load.texts import MARK, SAMPLED
from benchmarks.load.wire import Entrance, Refused

BUFFER_BYTES = 1 << 18
"""The most that is read from a socket at once."""

EVENTS = 512
"""How many sockets are looked at in one pass."""

SILENCE = 20.0
"""For so many seconds after the last login no server asks whether a client is still there, so
nobody looks for such a question; chatroom asks after 25 seconds, the others later."""


class LoadFailed(Exception):
    """The load could not be made. The text is a sentence."""


class Station:
    """Clients that are read by one thread, with epoll.

    What comes is counted by one pass of C over it and looked for samples by another; it is not
    parsed, and not cut into lines.

    Args:
        others: descriptors that are no client's, and what is called when one can be read.
    """

    def __init__(self, others: Mapping[int, Callable[[], None]]) -> None:
        self._epoll = select.epoll()
        self._others = others
        for descriptor in others:
            self._epoll.register(descriptor, select.EPOLLIN)
        self._connections: dict[int, Connection] = {}
        self._buffer = bytearray(BUFFER_BYTES)
        self._looks_at_lines = False
        self._look_from = float("inf")
        self.clients: dict[int, Connection] = {}
        """All clients by their numbers."""
        self.lost: list[int] = []
        """Whose connection the server ended."""
        self.samples = Samples()
        self.last_ns = 0
        """When anything came last, in nanoseconds of the monotonic clock."""

    def enter(self, entrances: Iterable[Entrance], port: int, pace: int, deadline: float) -> None:
        """Connect and bring everyone in.

        Args:
            entrances: everyone's way in.
            port: where the server listens.
            pace: how many may be on their way at once.
            deadline: when to give up, by `time.monotonic()`.

        Raises:
            LoadFailed: the server refused somebody, or did not let all in in time.
        """
        waiting: set[Connection] = set()
        for entrance in entrances:
            self._await_entry(waiting, pace - 1, deadline)
            try:
                connection = Connection(entrance, port, self._blocked)
            except OSError as error:
                raise LoadFailed(f"c{entrance.number} could not connect: {error}.") from error
            self._connections[connection.descriptor] = connection
            self.clients[connection.number] = connection
            self._epoll.register(connection.descriptor, select.EPOLLIN)
            connection.write(entrance.hello())
            waiting.add(connection)
        self._await_entry(waiting, 0, deadline)
        self._look_from = time.monotonic() + SILENCE

    def _await_entry(self, waiting: set[Connection], most: int, deadline: float) -> None:
        """Wait until no more than `most` of `waiting` are on their way in."""
        while len(waiting) > most:
            left = deadline - time.monotonic()
            if left <= 0:
                raise LoadFailed(f"{len(waiting)} clients were not let in in time.")
            if self.lost:
                raise LoadFailed(f"c{self.lost[0]} was cut off while it came in.")
            self.pump(left)
            waiting.difference_update([each for each in waiting if each.entrance.is_in])

    def pump(self, timeout: float) -> None:
        """Wait for something to come, `timeout` seconds at most, and read it.

        Raises:
            LoadFailed: the server refused somebody who was coming in.
        """
        self._looks_at_lines = time.monotonic() > self._look_from
        buffer = self._buffer
        happened = self._epoll.poll(timeout, EVENTS)
        for descriptor, events in happened:
            connection = self._connections.get(descriptor)
            if connection is None:
                self._others[descriptor]()
                continue
            try:
                if events & select.EPOLLOUT:
                    connection.write_owed()
                if events & ~select.EPOLLOUT:
                    length = connection.receive(buffer)
                    if length:
                        self._take(connection, length)
                    else:
                        self._lose(connection)
            except BlockingIOError:
                continue
            except OSError:
                self._lose(connection)
        if happened:
            self.last_ns = time.monotonic_ns()

    def pump_until(self, done: Callable[[], bool], deadline: float) -> bool:
        """Read until something is the case, or until `deadline`; return whether it is."""
        while not done():
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            self.pump(left)
        return True

    def await_news(self, deadline: float) -> bool:
        """Read until something has come, or until `deadline`; return whether it has."""
        last = self.last_ns
        return self.pump_until(lambda: self.last_ns != last, deadline)

    def settle(self, quiet: float, deadline: float) -> None:
        """Read until nothing has come for `quiet` seconds, or until `deadline`."""
        while time.monotonic() < deadline and self.await_news(time.monotonic() + quiet):
            pass

    def reset(self) -> None:
        """Forget what was counted and measured."""
        self.samples = Samples()
        for client in self.clients.values():
            client.got = client.confirmed = 0
            client.hook = None

    def leave(self) -> None:
        """Close all connections."""
        for connection in self._connections.values():
            connection.sock.close()
        self._connections.clear()
        self.clients.clear()
        self.lost.clear()
        self._look_from = float("inf")

    def close(self) -> None:
        """Close everything."""
        self.leave()
        self._epoll.close()

    def _take(self, connection: Connection, length: int) -> None:
        """Count what came: the first `length` bytes of the buffer."""
        if not connection.entrance.is_in:
            length = self._come_in(connection, length)
        buffer = self._buffer
        marks = buffer.count(MARK, 0, length)
        connection.got += marks
        if connection.hook is not None:
            connection.hook(buffer, length, marks)
        if connection.cut or buffer.find(SAMPLED, 0, length) >= 0:
            now = time.monotonic_ns()
            connection.cut = self.samples.take(connection.cut, buffer, length, now)
        if self._looks_at_lines and connection.entrance.lines:
            self._answer(connection, bytes(buffer[:length]))

    def _come_in(self, connection: Connection, length: int) -> int:
        """Take a step of the way in; return how much of what came is left behind its end."""
        entrance = connection.entrance
        try:
            connection.write(entrance.feed(bytes(self._buffer[:length])))
        except Refused as no:
            raise LoadFailed(f"{entrance.name} was refused: {no}") from no
        if not entrance.is_in:
            return 0
        rest, entrance.rest = entrance.rest, b""
        self._buffer[: len(rest)] = rest
        return len(rest)

    def _answer(self, connection: Connection, data: bytes) -> None:
        """Answer whatever asks for a sign of life."""
        *lines, connection.rest = (connection.rest + data).split(b"\n")
        for line in lines:
            answer = connection.entrance.sign_of_life(line)
            if answer:
                connection.write(answer)

    def _blocked(self, connection: Connection, blocked: bool) -> None:  # noqa: FBT001
        events = select.EPOLLIN | (select.EPOLLOUT if blocked else 0)
        self._epoll.modify(connection.descriptor, events)

    def _lose(self, connection: Connection) -> None:
        self.lost.append(connection.number)
        self._epoll.unregister(connection.descriptor)
        del self._connections[connection.descriptor]
        connection.sock.close()
