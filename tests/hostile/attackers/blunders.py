"""Somebody who sends everything that is wrong, over and over.

Options: `times`: how often each case of `tests/wire/invalid`; `tls`: whether in TLS; `handshake`:
whether plainly behind the first byte of a TLS handshake. It tells how many were sent, how many
errors were the answer, and how long that took. An answer too few or too many ends it.
"""

import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count as counting
from typing import Any

from tests.hostile.attackers.script import connect, login, options, remainder, report, secured
from tests.wire_cases import WireCase, wire_cases

AT_ONCE = 4
"""How many cases are sent at the same time."""

BLOCK_BYTES, BLOCK_ANSWERS = 60_000, 400
"""How much is sent, and how many answers it may have, before they are read."""

_numbers = counting()
_ERROR, _BYE, *_NEWS = (
    b'{"type":"%b"' % kind
    for kind in (b"error", b"bye", b"broadcast", b"direct_message", b"update_users", b"ping")
)


class Talker:
    """A connection on which wrong things are said.

    Args:
        told: the options.
        known: whether it logs in.
    """

    def __init__(self, told: dict[str, Any], *, known: bool) -> None:
        self.sock: socket.socket = connect(told["port"], next(_numbers))
        self._rest = b""
        if told.get("tls"):
            self.sock = secured(self.sock)
        if known:
            self._rest = login(self.sock, "guest")

    def answers(self) -> Iterator[bytes]:
        """Yields what the server answers, without what it says of itself."""
        news = tuple(_NEWS)
        while True:
            data = self.sock.recv(1 << 18)
            assert data, "the server has closed a connection"
            *lines, self._rest = (self._rest + data).split(b"\n")
            yield from (line for line in lines if not line.startswith(news))


def stays(case: WireCase, told: dict[str, Any]) -> int:
    """Sends a case that leaves the connection open, on one; returns how many errors came."""
    times, errors = told["times"], 0
    wrong = sum(bool(item.error or item.refused) for item in case.out)
    at_once = max(1, min(BLOCK_BYTES // (len(case.data) + 1), BLOCK_ANSWERS // len(case.out)))
    talker = Talker(told, known=True)
    with talker.sock:
        answers = talker.answers()
        for first in range(0, times, at_once):
            copies = min(at_once, times - first)
            talker.sock.sendall((case.data + b"\n") * copies)
            came = [next(answers) for _ in range(copies * len(case.out))]
            found = sum(line.startswith(_ERROR) for line in came)
            assert found >= copies * wrong, (case.name, found)
            errors += found
        talker.sock.sendall(b'{"command":"ping","id":"in step"}\n')
        last = next(answers)
        assert b'"id":"in step"' in last, (case.name, last)
    return errors


def ends(case: WireCase, told: dict[str, Any]) -> int:
    """Sends a case that ends its connection, on many; returns how many errors came."""
    errors = 0
    for number in range(told["times"]):
        talker = Talker(told, known=number % 2 == 0)
        with talker.sock:
            talker.sock.sendall(case.data)
            *before, last = remainder(talker.sock).splitlines()
        assert last.startswith(_BYE), (case.name, last)
        errors += sum(line.startswith(_ERROR) for line in before)
    assert errors >= told["times"], case.name
    return errors


def greets(case: WireCase, told: dict[str, Any]) -> int:
    """Sends a case as a TLS handshake, on many connections; returns how many it ended."""
    for _ in range(told["times"]):
        with connect(told["port"], next(_numbers)) as sock:
            try:
                sock.sendall(b"\x16" + case.data)
                sock.shutdown(socket.SHUT_WR)
            except OSError:  # it has refused already
                continue
            answer = remainder(sock)
            assert b'"type"' not in answer, (case.name, answer)
    return int(told["times"])


def main() -> None:
    """Send each case."""
    told = options()
    begin = time.monotonic()
    cases = list(wire_cases("invalid"))

    def send(case: WireCase) -> int:
        if told.get("handshake"):
            return greets(case, told)
        return stays(case, told) if case.open else ends(case, told)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        errors = sum(pool.map(send, sorted(cases, key=lambda case: case.open)))
    seconds = time.monotonic() - begin
    report(cases=len(cases), sent=len(cases) * told["times"], errors=errors, seconds=seconds)


if __name__ == "__main__":
    main()
