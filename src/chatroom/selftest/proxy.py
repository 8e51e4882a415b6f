"""The network between the clients and the server, which fails as it is told.

Every connection goes through here. It is cut behind a byte that is drawn for it, stands still for a
while, arrives late or in small pieces.
"""

import heapq
import math
import selectors
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable

from chatroom.selftest.link import Link
from chatroom.selftest.plan import Fate
from chatroom.tcp import tune

THREAD_NAME = "proxy"

_CONNECT_SECONDS = 2.0  # for a connection to the server on this machine


class Proxy:
    """Listens on 127.0.0.1 and passes every connection on to the server, in a thread of its own.

    Args:
        fate: Says what becomes of a connection, by its number from 0.
        clock: Seconds.
    """

    def __init__(
        self, fate: Callable[[int], Fate], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._fate = fate
        self._clock = clock
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self._listener.setblocking(False)
        self.port: int = self._listener.getsockname()[1]
        """Where clients connect to."""
        self.connections = 0
        """How many connections there have been. This and the next are for any thread to read."""
        self.counts: Counter[str] = Counter()
        """How many connections were "answered" by the server, "cut" and "stalled"."""
        self._server_port = 0
        self._waker, self._woken = socket.socketpair()
        self._waker.setblocking(False)
        self._calm = False
        self._stopping = False
        self._links: set[Link] = set()
        self._due: list[tuple[float, int, Link]] = []  # a heap: when to look after whom
        self._order = 0
        self._selector = selectors.DefaultSelector()
        self._thread = threading.Thread(target=self._run, name=THREAD_NAME, daemon=True)

    def start(self, server_port: int) -> None:
        """Begins to pass connections on to a server on this machine."""
        self._server_port = server_port
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._selector.register(self._woken, selectors.EVENT_READ)
        self._thread.start()

    def calm(self) -> None:
        """Does no more harm from now on. Any thread may call it."""
        self._calm = True
        self._wake()

    def stop(self) -> None:
        """Ends all connections and the thread."""
        self._stopping = True
        self._wake()
        if self._thread.is_alive():
            self._thread.join()
        self._selector.close()
        for sock in (self._listener, self._waker, self._woken):
            sock.close()

    def _wake(self) -> None:
        try:
            self._waker.send(b"\0")
        except BlockingIOError:
            return  # it is about to wake anyway

    def _run(self) -> None:
        try:
            while not self._stopping:
                timeout = max(0.0, self._due[0][0] - self._clock()) if self._due else None
                for key, mask in self._selector.select(timeout):
                    self._handle(key, mask)
                self._look_after_the_due()
        finally:
            for link in self._links:
                link.release()

    def _handle(self, key: selectors.SelectorKey, mask: int) -> None:
        if key.data is not None:
            link, end = key.data
            if mask & selectors.EVENT_READ and not link.closed:
                link.read(end, self._clock())
            self._tend(link)
        elif key.fileobj is self._listener:
            self._accept()
        else:
            self._woken.recv(64)
            if self._calm:
                for link in list(self._links):
                    link.calm()
                    self._tend(link)

    def _accept(self) -> None:
        try:
            near, _ = self._listener.accept()
        except OSError:  # it was gone again
            return
        fate = Fate() if self._calm else self._fate(self.connections)
        self.connections += 1
        try:
            far = socket.create_connection(("127.0.0.1", self._server_port), _CONNECT_SECONDS)
        except OSError:  # the server is being killed
            near.close()
            return
        for sock in (near, far):
            sock.setblocking(False)
            tune(sock)
        link = Link(near, far, fate, self._count)
        self._links.add(link)
        self._tend(link)

    def _count(self, what: str) -> None:
        self.counts[what] += 1

    def _look_after_the_due(self) -> None:
        now = self._clock()
        while self._due and self._due[0][0] <= now:
            _, _, link = heapq.heappop(self._due)
            link.wake_at = math.inf
            self._tend(link)

    def _tend(self, link: Link) -> None:
        """Passes on what may go and waits for what is to come next."""
        if link not in self._links:
            return
        now = self._clock()
        link.pump(now)
        if link.closed:
            self._let_go(link)
            return
        for end in link.sockets:
            self._wait_for(end, link.interest(end, now), link)
        due = link.due(now)
        if due is not None and due < link.wake_at:
            link.wake_at = due
            self._order += 1
            heapq.heappush(self._due, (due, self._order, link))

    def _wait_for(self, end: socket.socket, interest: int, link: Link) -> None:
        known = self._selector.get_map().get(end)
        if known is None:
            if interest:
                self._selector.register(end, interest, (link, end))
        elif not interest:
            self._selector.unregister(end)
        elif known.events != interest:
            self._selector.modify(end, interest, (link, end))

    def _let_go(self, link: Link) -> None:
        for end in link.sockets:
            self._wait_for(end, 0, link)
        link.release()
        self._links.discard(link)
