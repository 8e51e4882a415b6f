"""Two places with a network between them that can be cut without anybody being told.

`Namespaces` is a real one: two network namespaces of the kernel, joined by a pair of devices. Each
end then sends to an address of hardware that nobody has, so every packet is lost, both ways, and no
error comes back. It takes root. `Relay` passes bytes on through this process, or does not.
"""

import contextlib
import os
import socket
import subprocess
import threading
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Protocol, Self

NOBODY = "02:00:00:00:00:99"


class Network(Protocol):
    """A network with a server at one end."""

    @property
    def here(self) -> Sequence[str]:
        """What runs a command where the server is."""

    @property
    def there(self) -> Sequence[str]:
        """What runs a command at the other end."""

    @property
    def host(self) -> str:
        """Where the server is to listen."""

    def reach(self, port: int) -> str:
        """Return the address at which the other end reaches the server on `port`."""

    def cut(self) -> None:
        """Lose everything from now on."""

    def heal(self) -> None:
        """Lose nothing any more."""


class Namespaces:
    """Two network namespaces, made for one test and removed behind it."""

    host = "10.99.0.1"

    def __init__(self) -> None:
        self._names = [f"chatroom-{os.getpid()}-{end}" for end in ("near", "far")]
        self._addresses = [self.host, "10.99.0.2"]
        self.here, self.there = (("ip", "netns", "exec", name) for name in self._names)

    def __enter__(self) -> Self:
        """Make them."""
        near, far = self._names
        for name in self._names:
            _ip("netns", "add", name)
        _ip("link", "add", "veth", "netns", near, "type", "veth", "peer", "veth", "netns", far)
        for name, address in zip(self._names, self._addresses, strict=True):
            _ip("-n", name, "address", "add", f"{address}/24", "dev", "veth")
            _ip("-n", name, "link", "set", "veth", "up")
            _ip("-n", name, "link", "set", "lo", "up")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Remove them, with all that is in them."""
        for name in self._names:
            _ip("netns", "delete", name)

    def reach(self, port: int) -> str:
        """Return the server's own address."""
        return f"{self.host}:{port}"

    def cut(self) -> None:
        """Let both ends send to hardware that there is not."""
        for name, other in zip(self._names, reversed(self._addresses), strict=True):
            _ip("-n", name, "neighbour", "replace", other, "lladdr", NOBODY, "dev", "veth",
                "nud", "permanent")  # fmt: skip

    def heal(self) -> None:
        """Let them find each other again."""
        for name, other in zip(self._names, reversed(self._addresses), strict=True):
            _ip("-n", name, "neighbour", "delete", other, "dev", "veth")


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


class Relay:
    """Passes connections on to the server, and holds bytes back, or ends connections, when told."""

    host = "127.0.0.1"
    here: Sequence[str] = ()
    there: Sequence[str] = ()

    def __init__(self) -> None:
        self._listener = socket.create_server((self.host, 0))
        self._gates: list[threading.Event] = []
        self._make_gates()
        self._refusing = False
        self._lock = threading.Lock()  # who is connected, and whether anybody may be
        self._socks: list[socket.socket] = [self._listener]
        self._threads: list[threading.Thread] = []
        self._port = 0

    def __enter__(self) -> Self:
        """Nothing more to do: it listens."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End all connections."""
        self.heal()
        _end(self._socks)
        for thread in self._threads:
            thread.join()
        for sock in self._socks:
            sock.close()

    @property
    def address(self) -> str:
        """Where clients connect to."""
        host, port = self._listener.getsockname()
        return f"{host}:{port}"

    def reach(self, port: int) -> str:
        """Begin to pass on to `port`, and return where."""
        self._port = port
        self._start(self._accept)
        return self.address

    def cut(self) -> None:
        """Hold everything back."""
        self._onward.clear()
        self._back.clear()

    def strand(self) -> None:
        """Hold everything back on the connections that there are; new ones are well.

        So it is behind a router that has forgotten them.
        """
        with self._lock:
            self.cut()
            self._make_gates()

    def hold_answers(self) -> None:
        """Hold back what the server sends, and nothing else."""
        self._back.clear()

    def hang_up(self) -> None:
        """End all connections, with what is held back, and each new one as soon as it is made."""
        with self._lock:
            self._refusing = True
            _end(self._socks[1:])

    def heal(self) -> None:
        """Pass everything on."""
        with self._lock:
            self._refusing = False
            for gate in self._gates:
                gate.set()

    def _make_gates(self) -> None:
        """Let what is connected from now on pass through gates of its own."""
        self._onward, self._back = threading.Event(), threading.Event()
        self._gates += [self._onward, self._back]
        self._onward.set()
        self._back.set()

    def _start(self, target: object, *args: object) -> None:
        assert callable(target)
        self._threads.append(threading.Thread(target=target, args=args, name="relay"))
        self._threads[-1].start()

    def _accept(self) -> None:
        for near in _accepted(self._listener):
            with self._lock:
                far = None if self._refusing else _connected(self.host, self._port)
                if far is None:
                    near.close()
                    continue
                self._socks += [near, far]
                self._start(self._pass, near, far, self._onward)
                self._start(self._pass, far, near, self._back)

    def _pass(self, source: socket.socket, target: socket.socket, gate: threading.Event) -> None:
        """Pass on what comes until it ends; then the other side ends too."""
        with contextlib.suppress(OSError):  # one of them was reset
            while data := source.recv(65536):
                gate.wait()
                target.sendall(data)
        gate.wait()
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_WR)


def _end(socks: Sequence[socket.socket]) -> None:
    for sock in socks:
        with contextlib.suppress(OSError):  # it has ended
            sock.shutdown(socket.SHUT_RDWR)


def _connected(host: str, port: int) -> socket.socket | None:
    """Return a connection to the server, None if it is down."""
    with contextlib.suppress(OSError):
        return socket.create_connection((host, port))
    return None


def _accepted(listener: socket.socket) -> Iterator[socket.socket]:
    """Yield connections until the listener is shut down."""
    with contextlib.suppress(OSError):
        while True:
            yield listener.accept()[0]
