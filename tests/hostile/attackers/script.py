"""What all attackers do: read their options, tell figures, connect, notice when it is enough."""

import json
import resource
import socket
import ssl
import sys
import threading
from typing import Any

_BIND_ADDRESS_NO_PORT = 24  # IP_BIND_ADDRESS_NO_PORT of Linux, which Python 3.11 does not name
_SOURCES = 16


def options() -> dict[str, Any]:
    """Returns what the attacker was told, and lets it have as many sockets as the system allows."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    told: dict[str, Any] = json.loads(sys.argv[1])
    return told


def report(**figures: float) -> None:
    """Tells figures."""
    sys.stdout.write(json.dumps(figures) + "\n")
    sys.stdout.flush()


def wait_for_go() -> None:
    """Waits until the attacker is to go on."""
    sys.stdin.readline()


def enough() -> threading.Event:
    """Returns an event that is set when the attacker is to end."""
    event = threading.Event()

    def listen() -> None:
        while sys.stdin.readline():
            pass
        event.set()

    threading.Thread(target=listen, daemon=True).start()
    return event


def connect(port: int, number: int, *, seconds: float = 60.0) -> socket.socket:
    """Returns a connection, which comes from one of several addresses of this machine.

    One address has 28,000 ports, and each is taken for a minute after a connection.

    Args:
        port: where to.
        number: which connection it is, of all.
        seconds: how long everything that is done with it may take.
    """
    sock = socket.socket()
    try:
        sock.setsockopt(socket.IPPROTO_IP, _BIND_ADDRESS_NO_PORT, 1)
        sock.bind((f"127.0.0.{2 + number % _SOURCES}", 0))
        sock.settimeout(seconds)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.connect(("127.0.0.1", port))
    except BaseException:
        sock.close()
        raise
    return sock


def secured(sock: socket.socket) -> ssl.SSLSocket:
    """Returns `sock` in TLS, whatever certificate the server shows."""
    return _context().wrap_socket(sock, suppress_ragged_eofs=False)


def _context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def login(sock: socket.socket, username: str) -> bytes:
    """Logs in, reads up to the welcome, and returns what came behind it."""
    command = {"command": "login", "username": username, "password": "secret"}
    sock.sendall(json.dumps(command).encode() + b"\n")
    received = b""
    while b"\n" not in received:
        data = sock.recv(65536)
        assert data, received
        received += data
    welcome, _, rest = received.partition(b"\n")
    assert b'"type":"welcome"' in welcome, welcome
    return rest


def remainder(sock: socket.socket) -> bytes:
    """Returns what comes until the other side has ended, in whatever way."""
    received = bytearray()
    try:
        while data := sock.recv(65536):
            received += data
    except (ConnectionError, ssl.SSLError):
        pass
    return bytes(received)
