"""Asking by HTTP, by hand: what a face says to bytes, and what a server sends."""

import socket
from collections.abc import Mapping
from typing import NamedTuple

from chatroom.config import Limits
from chatroom.server.face import End, Face, Peer, Raw, Upgrade
from chatroom.web.http import Http
from chatroom.web.routes import Route
from tests.conversation import DEADLINE

HOST = "chat.example.org"


class Reply(NamedTuple):
    """A reply of the server."""

    status: int
    headers: dict[str, str]
    """By name in lower case."""
    body: bytes


class Said(NamedTuple):
    """What a face made of what it was fed."""

    data: bytes
    """What the client is sent, as it is."""
    ended: bool
    """Whether the connection ends with that."""
    face: Face | None
    """What goes on, if that is another one."""


def request(target: str = "/", *headers: str, method: str = "GET", version: str = "1.1") -> bytes:
    """Returns a request, with `headers` beside `Host`."""
    lines = [f"{method} {target} HTTP/{version}", f"Host: {HOST}", *headers, "\r\n"]
    return "\r\n".join(lines).encode()


def peer(*, welcome: bool = True) -> Peer:
    """Returns somebody who connects."""
    return Peer("203.0.113.7", secure=False, welcome=welcome, limits=Limits())


def face_of(table: Mapping[str, Route], *, welcome: bool = True) -> Http:
    """Returns the face of somebody who asks for what is in `table`."""
    return Http(peer(welcome=welcome), table, ())


def feed(face: Face, data: bytes) -> Said:
    """Feeds `face` as a connection does, and returns what is to be sent."""
    sent = bytearray()
    goes_on = None
    for item in face.feed(data):
        assert isinstance(item, Raw | End | Upgrade), item
        sent += item.data
        if isinstance(item, End):
            return Said(bytes(sent), True, goes_on)
        if isinstance(item, Upgrade):
            goes_on = item.face
    return Said(bytes(sent), False, goes_on)


def replies(data: bytes, *methods: str) -> list[Reply]:
    """Returns the replies in `data`, which holds whole ones, to requests with these methods."""
    found: list[Reply] = []
    while data:
        method = methods[len(found)] if len(found) < len(methods) else "GET"
        head, end, data = data.partition(b"\r\n\r\n")
        assert end, head
        status, *lines = head.decode().split("\r\n")
        assert status.startswith("HTTP/1.1 ")
        assert len({line.split(":")[0].lower() for line in lines}) == len(lines), "one comes twice"
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        code = int(status.split()[1])
        length = 0 if method == "HEAD" or code == 304 else int(headers["content-length"])
        assert len(data) >= length
        found.append(Reply(code, headers, data[:length]))
        data = data[length:]
    return found


def answer(face: Face, data: bytes, method: str = "GET") -> Reply:
    """Returns the one reply of `face` to one request."""
    (reply,) = replies(feed(face, data).data, method)
    return reply


def connected(address: tuple[str, int]) -> socket.socket:
    """Returns a connection whose every wait has a deadline."""
    return socket.create_connection(address, DEADLINE)


def ask(sock: socket.socket, data: bytes, method: str = "GET") -> Reply:
    """Sends one request and returns the reply to it, which is all that comes."""
    sock.sendall(data)
    return read_reply(sock, method)


def read_reply(sock: socket.socket, method: str = "GET") -> Reply:
    """Returns the next reply, which is all that comes until it is whole."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += _more(sock)
    head = data[: data.index(b"\r\n\r\n") + 4]
    length = 0
    if method != "HEAD" and b"\r\ncontent-length: " in head.lower():
        length = int(head.lower().partition(b"\r\ncontent-length: ")[2].partition(b"\r\n")[0])
    while len(data) < len(head) + length:
        data += _more(sock)
    (reply,) = replies(data, method)
    return reply


def _more(sock: socket.socket) -> bytes:
    data = sock.recv(1 << 16)
    if not data:
        raise EOFError
    return data


def remainder(sock: socket.socket) -> bytes:
    """Returns all that comes up to the end of the stream."""
    data = b""
    while more := sock.recv(1 << 16):
        data += more
    return data
