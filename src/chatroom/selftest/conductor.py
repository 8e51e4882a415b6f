"""Runs a self-test: starts everything, breaks it as planned, lets it come to rest.

One thread conducts; a second is the proxy's. Whatever happens, no process is left behind.
"""

import heapq
import math
import selectors
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from chatroom.selftest import plan
from chatroom.selftest.crew import LEAVE_SECONDS, ClientProcess
from chatroom.selftest.outcome import Interrupted, Progress, Turmoil
from chatroom.selftest.plan import Settings
from chatroom.selftest.proxy import Proxy
from chatroom.selftest.server import Server, ServerFailed

ENTER_SECONDS = 30.0
"""How long all clients together have to come in at first."""

ENTER_SECONDS_EACH = 2.0
"""How much longer that is for each of them."""

CALM_SECONDS = 60.0
"""How long everything has to come to rest when nothing is broken any more."""

_TELL_SECONDS = 0.25  # between two reports of the progress
_SERVER = -1  # in the place of a client's number


class _Deed(NamedTuple):
    """Something that is to be done: kill the server, kill a client, or start it."""

    at: float
    """When, in seconds from the beginning."""
    who: int
    """A client's number, or the server."""
    away: float | None = None
    """How long the client that is killed stays away, in seconds; None if it is started."""


class Conductor:
    """Has the server, the proxy and the clients. Belongs to one thread; to be used by `with`.

    Args:
        settings: What is asked.
        folder: An empty folder for all files.
        command: The command line of the server, before its options.
        interrupt: A file descriptor that can be read when everything is to end; -1 for none.
        tell: Is told of the progress, a few times a second.
    """

    def __init__(
        self,
        settings: Settings,
        folder: Path,
        command: Sequence[str],
        interrupt: int,
        tell: Callable[[Progress], None],
    ) -> None:
        self.turmoil = Turmoil()
        """What was done."""
        self.clients = [
            ClientProcess(settings, client, folder) for client in range(settings.clients)
        ]
        """All clients, by their numbers."""
        self._settings = settings
        self._tell = tell
        self._told_at = -math.inf
        self._talking = False  # whether clients that are started may speak at once
        self._server = Server(command, folder / "room.db", folder / "server.log", interrupt)
        self._proxy = Proxy(lambda connection: plan.fate(settings.seed, connection))
        self._selector = selectors.DefaultSelector()
        if interrupt >= 0:
            self._selector.register(interrupt, selectors.EVENT_READ)
        self._due: list[_Deed] = []  # a heap
        self._begin = math.inf  # when the breaking of things began

    def __enter__(self) -> Self:
        """Returns itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Ends every process and the proxy."""
        for client in self.clients:
            client.kill()
        self._server.kill()
        self._proxy.stop()
        self._count()
        self._selector.close()

    def assemble(self) -> None:
        """Starts everything and waits until all clients are in the room, where nobody speaks yet.

        Raises:
            ServerFailed: The server does not start, or not all can come in.
            Interrupted: The self-test is to end.
        """
        self._start_server()
        self._proxy.start(self._server.port)
        for client in self.clients:
            self._start_client(client)
        limit = ENTER_SECONDS + ENTER_SECONDS_EACH * len(self.clients)
        if not self._wait_for_all("entered", "starting", limit) or self.turmoil.troubles:
            raise ServerFailed(
                " ".join(self.turmoil.troubles)
                or f"The clients could not come in within {limit:g} seconds."
            )
        self._talking = True
        for client in self.clients:
            client.order("talk")

    def break_things(self) -> None:
        """Does what is planned for as long as is asked.

        Raises:
            ServerFailed: The server did not start again.
            Interrupted: The self-test is to end.
        """
        begin = self._begin = time.monotonic()
        end = begin + self._settings.seconds
        self._due = [_Deed(at, _SERVER) for at in plan.kills(self._settings)]
        self._due += [_Deed(*fall) for fall in plan.falls(self._settings)]
        heapq.heapify(self._due)
        while time.monotonic() < end:
            due = begin + self._due[0].at if self._due else end
            self._wait("breaking things", min(due, end))
            while self._due and begin + self._due[0].at <= time.monotonic() < end:
                self._do(heapq.heappop(self._due))

    def _do(self, deed: _Deed) -> None:
        if deed.who == _SERVER:
            self._kill_server()
            return
        client = self.clients[deed.who]
        if deed.away is None:
            self._start_client(client)
        elif client.output >= 0:
            self._let_go(client.output)
            client.kill()
            self.turmoil.falls += 1
            heapq.heappush(self._due, _Deed(deed.at + deed.away, deed.who))

    def come_to_rest(self) -> None:
        """Breaks nothing more and waits until everything is answered and received.

        Raises:
            ServerFailed: The server did not end as it should.
            Interrupted: The self-test is to end.
        """
        self._proxy.calm()
        for deed in self._due:
            if deed.who != _SERVER and deed.away is None:
                self._start_client(self.clients[deed.who])
        begin = time.monotonic()
        for said, word in (("calm", "calm"), ("rested", "last")):
            for client in self.clients:
                client.order(word)
            left = begin + CALM_SECONDS - time.monotonic()
            if not self._wait_for_all(said, "coming to rest", left):
                break
        for client in self.clients:
            client.order("leave")
        end = time.monotonic() + LEAVE_SECONDS
        for client in self.clients:
            if client.output >= 0:
                self._let_go(client.output)
                self._note_end(client, client.wait(end - time.monotonic()))
        self._let_go(self._server.output)
        self._server.stop()

    def _start_server(self) -> None:
        if not self._server.start():
            raise Interrupted
        self._selector.register(self._server.output, selectors.EVENT_READ, self._server)

    def _kill_server(self) -> None:
        self._let_go(self._server.output)
        began = time.monotonic()
        self._server.kill()
        self.turmoil.kills += 1
        self._start_server()
        recovery = time.monotonic() - began
        self.turmoil.longest_recovery = max(self.turmoil.longest_recovery, recovery)

    def _start_client(self, client: ClientProcess) -> None:
        client.start(self._proxy.port, self._server.port)
        self._selector.register(client.output, selectors.EVENT_READ, client)
        if self._talking:
            client.order("talk")

    def _let_go(self, output: int) -> None:
        """Listens no more to a process that is about to end, if it has not ended before."""
        if output in self._selector.get_map():
            self._selector.unregister(output)

    def _wait_for_all(self, said: str, phase: str, seconds: float) -> bool:
        """Waits until all clients have told something; returns False if they do not in time.

        It waits for none that has ended.
        """
        self._wait(phase, time.monotonic() + seconds, lambda: not self._silent(said))
        return not self._silent(said)

    def _silent(self, said: str) -> list[ClientProcess]:
        return [client for client in self.clients if client.output >= 0 and said not in client.said]

    def _wait(self, phase: str, until: float, done: Callable[[], bool] = lambda: False) -> None:
        """Listens to all processes and reports the progress, for a while.

        Args:
            phase: What is being done.
            until: When to go on, by `time.monotonic()`.
            done: Says when to go on before that.
        """
        while not done():
            now = time.monotonic()
            if now >= self._told_at + _TELL_SECONDS:
                self.report(phase)
            left = until - now
            if left <= 0:
                return
            for key, _ in self._selector.select(min(left, _TELL_SECONDS)):
                self._hear(key.data)

    def _hear(self, source: Server | ClientProcess | None) -> None:
        """Takes in what a process tells, or that it has ended by itself."""
        if source is None:
            raise Interrupted
        if isinstance(source, Server):
            self._let_go(source.output)
            self.turmoil.troubles.append(
                f"The server ended by itself (status {source.kill()}); {source.log} says why."
            )
            self._start_server()
        elif not source.listen():
            self._let_go(source.output)
            self._note_end(source, source.kill())

    def _note_end(self, client: ClientProcess, status: int | None) -> None:
        if status != 0:
            how = "did not leave" if status is None else f"ended by itself (status {status})"
            self.turmoil.troubles.append(f"{client.name} {how}; {client.log} may say why.")

    def report(self, phase: str) -> None:
        """Tells of the progress, and what is being done."""
        self._told_at = time.monotonic()
        done = max(0.0, self._told_at - self._begin) / self._settings.seconds
        tallies = [client.tally for client in self.clients]
        self._tell(
            Progress(
                phase=phase,
                done=min(1.0, done),
                kills=self.turmoil.kills,
                falls=self.turmoil.falls,
                cuts=self._proxy.counts["cut"],
                confirmed=sum(confirmed for confirmed, _ in tallies),
                deliveries=sum(received for _, received in tallies),
            )
        )

    def _count(self) -> None:
        """Takes over what the proxy has counted."""
        counts = self._proxy.counts
        self.turmoil.connections = self._proxy.connections
        self.turmoil.cuts = counts["cut"]
        self.turmoil.stalls = counts["stalled"]
        self.turmoil.returns = max(0, counts["answered"] - len(self.clients))
