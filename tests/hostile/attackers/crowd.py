"""Thousands who connect and then say nothing, or a byte a second.

Options: `silent`, `dripping`: how many of each; `stalled`: how many begin a TLS handshake and leave
it at that. It tells when all are there, and at the end how many bytes dripped and how many
connections the server has closed. With `wait`, it ends when all are closed.
"""

import selectors
import socket
import threading
import time

from tests.hostile.attackers.script import connect, enough, options, report
from tests.hostile.hello import client_hello

DRIPS = b'{"command":"login","username":"' + b"a" * 4000
"""The beginning of a login that has no end."""

STEPS = 20
"""Into how many parts a second is divided; in each, so many of all send their byte."""


def main() -> None:
    """Fill the room, and wait."""
    told = options()
    over = enough()
    begin = time.monotonic()
    port = told["port"]
    dripping = [connect(port, number) for number in range(told.get("dripping", 0))]
    others = [connect(port, number) for number in range(told.get("silent", 0))]
    others += [stalled(port, number) for number in range(told.get("stalled", 0))]
    report(connections=len(others) + len(dripping), seconds=time.monotonic() - begin)
    if told.get("wait"):
        report(closed=closed(others + dripping))
        return
    count = drip(dripping, over)
    report(bytes=count, closed=closed(others + dripping, seconds=0))


def stalled(port: int, number: int) -> socket.socket:
    """Returns a connection that has begun a handshake: with a byte, half a hello, a whole one."""
    hello = client_hello()
    sock = connect(port, number)
    sock.sendall((hello[:1], hello[:50], hello)[number % 3])
    return sock


def drip(dripping: list[socket.socket], over: threading.Event) -> int:
    """Sends a byte a second on each until it is enough; returns how many that were."""
    count = step = 0
    due = time.monotonic()
    while not over.wait(max(0.0, due - time.monotonic())):
        drop = DRIPS[step // STEPS : step // STEPS + 1]
        for sock in dripping[step % STEPS :: STEPS]:
            sock.sendall(drop)
            count += 1
        step += 1
        due += 1 / STEPS
    return count


def closed(socks: list[socket.socket], seconds: float = 60.0) -> int:
    """Waits until the server has closed all of `socks`, or some seconds; returns how many are."""
    deadline = time.monotonic() + seconds
    count = 0
    with selectors.DefaultSelector() as selector:
        for sock in socks:
            sock.setblocking(False)
            selector.register(sock, selectors.EVENT_READ)
        while count < len(socks):
            ready = selector.select(max(0.0, deadline - time.monotonic()))
            if not ready:
                break
            for key, _ in ready:
                assert isinstance(key.fileobj, socket.socket)
                if is_over(key.fileobj):
                    selector.unregister(key.fileobj)
                    count += 1
    return count


def is_over(sock: socket.socket) -> bool:
    """Says whether the other side has ended, as far as it can be read."""
    try:
        while sock.recv(65536):
            pass
    except BlockingIOError:
        return False
    except ConnectionError:
        pass
    return True


if __name__ == "__main__":
    main()
