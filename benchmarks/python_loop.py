"""The server that one would write first: one loop over all sockets, and `json` for every line.

    python python_loop.py PORT

It speaks as much of `docs/protocol.md` as the load generator needs: login, PM and DM, each
answered, one object a line. It stores nothing, checks nothing and has no limits; it is here to be
compared with, not to be used.
"""

import json
import selectors
import socket
import sys
import time
from typing import Any


class Client:
    """A connection: what came of a line, what it is owed, and who it is."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.name: str | None = None
        self.received = b""
        self.owed = b""


class Server:
    """One selector, and a dictionary of who is here."""

    def __init__(self, port: int) -> None:
        self._selector = selectors.DefaultSelector()
        self._listener = socket.create_server(("127.0.0.1", port), backlog=4096)
        self._listener.setblocking(False)
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._clients: dict[str, Client] = {}
        self._seq = 0

    def run(self) -> None:
        """Serve for ever."""
        while True:
            for key, events in self._selector.select():
                if key.fileobj is self._listener:
                    self._accept()
                    continue
                if events & selectors.EVENT_WRITE:
                    self._write(key.data, b"")
                if events & selectors.EVENT_READ:
                    self._read(key.data)

    def _accept(self) -> None:
        sock, _ = self._listener.accept()
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._selector.register(sock, selectors.EVENT_READ, Client(sock))

    def _read(self, client: Client) -> None:
        try:
            data = client.sock.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._close(client)
            return
        *lines, client.received = (client.received + data).split(b"\n")
        for line in lines:
            self._do(client, json.loads(line))

    def _do(self, client: Client, command: dict[str, Any]) -> None:
        match command["command"]:
            case "login":
                client.name = command["username"]
                self._clients[command["username"]] = client
                self._send(client, {"type": "welcome", "username": client.name})
            case "PM":
                said = self._said(client, "broadcast", command)
                line = json.dumps(said).encode() + b"\n"
                for other in list(self._clients.values()):
                    if other is not client:
                        self._write(other, line)
                self._confirm(client, command)
            case "DM":
                to = self._clients.get(command["to"])
                if to is not None:
                    self._send(to, self._said(client, "direct_message", command))
                self._confirm(client, command)

    def _said(self, client: Client, kind: str, command: dict[str, Any]) -> dict[str, object]:
        self._seq += 1
        return {
            "type": kind,
            "from": client.name,
            "message": command["message"],
            "seq": self._seq,
            "ts": time.time(),
        }

    def _confirm(self, client: Client, command: dict[str, Any]) -> None:
        confirmation = {"type": "confirmation", "id": command.get("id"), "seq": self._seq}
        self._send(client, confirmation)

    def _send(self, client: Client, frame: dict[str, object]) -> None:
        self._write(client, json.dumps(frame).encode() + b"\n")

    def _write(self, client: Client, data: bytes) -> None:
        was_owed = bool(client.owed)
        if was_owed and data:
            client.owed += data
            return
        data = client.owed or data
        try:
            sent = client.sock.send(data)
        except BlockingIOError:
            sent = 0
        except OSError:
            self._close(client)
            return
        client.owed = data[sent:]
        if bool(client.owed) != was_owed:
            events = selectors.EVENT_READ | (selectors.EVENT_WRITE if client.owed else 0)
            self._selector.modify(client.sock, events, client)

    def _close(self, client: Client) -> None:
        if client.sock.fileno() >= 0:
            self._selector.unregister(client.sock)
            client.sock.close()
        if client.name is not None:
            self._clients.pop(client.name, None)


if __name__ == "__main__":
    Server(int(sys.argv[1])).run()
