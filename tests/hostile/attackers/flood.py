"""Somebody who sends without an end.

Options: `size`: how many bytes; `begin`, `piece`: what stands first, and what is repeated then, as
texts; `handshake`: in place of them, a TLS handshake that has no end; `name`: as whom to log in
before, if that is wanted; `tls`: whether in TLS; `leave`: whether the last thing sent is EX;
`reads`: whether the answers are read. It tells how many bytes were sent, how long that took, and
whether the last word was `bye`.
"""

import ssl
import time
from typing import Any

from tests.hostile.attackers.script import connect, login, options, remainder, report, secured
from tests.hostile.hello import HANDSHAKE, handshake, record

CHUNK = 65536
RECORD, LONGEST = 16_000, 16_000_000
"""How much is in a record of the handshake, and what it claims to have in all."""

STUCK, PATIENCE = 2.0, 60.0
"""Seconds after which the server takes no more, and within which it says its last word."""


def main() -> None:
    """Send."""
    told = options()
    sock = connect(told["port"], 0)
    if told.get("tls"):
        sock = secured(sock)
    if told.get("name"):
        login(sock, told["name"])
    begin, chunk = texts(told)
    sent = 0
    since = time.monotonic()
    sock.settimeout(STUCK)
    try:
        sock.sendall(begin)
        while sent < told["size"]:
            sock.sendall(chunk)
            sent += len(chunk)
    except (TimeoutError, ConnectionError, ssl.SSLError):
        pass
    seconds = time.monotonic() - since
    last = b""
    if told.get("reads", True):
        sock.settimeout(PATIENCE)
        if told.get("leave"):
            sock.sendall(b'{"command":"EX"}\n')
        last = remainder(sock)
    sock.close()
    lines = last.splitlines() or [b""]
    report(bytes=sent, seconds=seconds, bye=b'"type":"bye"' in lines[-1])


def texts(told: dict[str, Any]) -> tuple[bytes, bytes]:
    """Returns what is sent first, and what is sent then again and again."""
    if told.get("handshake"):
        most = b"\0" * RECORD
        return record(HANDSHAKE, handshake(most, LONGEST)), record(HANDSHAKE, most)
    piece = told["piece"].encode()
    return told["begin"].encode(), piece * (CHUNK // len(piece))


if __name__ == "__main__":
    main()
