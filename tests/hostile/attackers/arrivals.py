"""Many who log in at once.

Options: `people`: how many. It tells when all have connected, waits to be told to go, and tells how
many are in and how long the first and the last of them took. They stay until it is enough.
"""

import json
import os
import selectors
import socket
import sys
import time
from dataclasses import dataclass, field
from typing import Any

from tests.hostile.attackers.script import connect, enough, options, report, wait_for_go


@dataclass
class Guest:
    """One of them."""

    sock: socket.socket
    command: bytes
    rest: bytes = b""
    again_at: float = 0.0
    """When to try once more, 0 while there is an answer to wait for."""
    seconds: float = field(default=0.0)
    """How long the login took, 0 before it is done."""


def main() -> None:
    """Come in, all at once."""
    stand_back()
    told = options()
    guests = [guest(told["port"], number) for number in range(told["people"])]
    report(connections=len(guests))
    wait_for_go()
    begin = time.monotonic()
    for each in guests:
        each.sock.sendall(each.command)
    refusals = come_in(guests, begin)
    times = sorted(each.seconds for each in guests)
    report(people=len(times), first=times[0], last=times[-1], refusals=refusals)
    enough().wait()
    report(people=len(guests))


def stand_back() -> None:
    """Give way to all others: people come from machines of their own, which cost the server none.

    What they do with the lists of users would otherwise keep it from its core.
    """
    if sys.platform == "linux":
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))


def guest(port: int, number: int) -> Guest:
    """Returns one of them, connected."""
    sock = connect(port, number)
    sock.setblocking(False)
    command = {"command": "login", "username": f"guest{number}", "password": "secret"}
    return Guest(sock, json.dumps(command).encode() + b"\n")


def come_in(guests: list[Guest], begin: float) -> int:
    """Reads until all are in; who is told to come again does so. Returns how many were."""
    refusals = 0
    missing = len(guests)
    with selectors.DefaultSelector() as selector:
        for each in guests:
            selector.register(each.sock, selectors.EVENT_READ, each)
        while missing:
            for key, _ in selector.select(0.5):
                for frame in frames(key.data):
                    if frame["type"] == "welcome":
                        key.data.seconds = time.monotonic() - begin
                        missing -= 1
                    elif frame["type"] == "error":
                        assert frame["code"] == "unavailable", frame
                        key.data.again_at = time.monotonic() + frame["retry_after"]
                        refusals += 1
            for each in guests:
                if each.again_at and each.again_at < time.monotonic():
                    each.again_at = 0.0
                    each.sock.sendall(each.command)
    return refusals


def frames(of: Guest) -> list[dict[str, Any]]:
    """Returns what has come to one of them."""
    try:
        data = of.sock.recv(1 << 18)
    except BlockingIOError:
        return []
    assert data, "the server has closed a connection"
    *lines, of.rest = (of.rest + data).split(b"\n")
    return [json.loads(line) for line in lines]


if __name__ == "__main__":
    main()
