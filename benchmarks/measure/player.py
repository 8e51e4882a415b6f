"""A server that says only what was written down before, as fast as its one client takes it.

It is a process of its own: `python -m benchmarks.measure.player MESSAGES TEXT_BYTES`. It prints its
port, prepares the frames with the server's own encoder, takes one login, plays, and ends with its
client.
"""

import contextlib
import socket
import sys

from benchmarks.load import texts
from benchmarks.load.orders import HOST
from chatroom.protocol import events
from chatroom.protocol.events import Entrance, Standing

EPOCH = "6ffc904e311ebba0"
CHUNK = 1000
"""How many frames are joined, as a server that is asked for much does it."""


def chunks(messages: int, text_bytes: int) -> list[bytes]:
    """Return what the server says: `messages` broadcasts, from the first of the log on."""
    stamp = events.stamp(EPOCH, 1795372051.033)
    text = texts.plain(1, text_bytes).decode()
    frames = (
        events.broadcast(f"c{seq % 100}", text, seq, seq - 1, stamp)
        for seq in range(1, messages + 1)
    )
    whole = list(frames)
    return [b"".join(whole[at : at + CHUNK]) for at in range(0, messages, CHUNK)]


def welcome(name: str) -> bytes:
    """Return the answer to a login."""
    standing = Standing(epoch=EPOCH, head=0, oldest=1, first=1)
    entrance = Entrance(name, events.users((name,)), standing, standing, 600, 600)
    return events.welcome(None, entrance, new_user=True, session=None)


def play(messages: int, text_bytes: int) -> None:
    """Take one client and play."""
    with socket.create_server((HOST, 0)) as listener:
        what = chunks(messages, text_bytes)
        print(listener.getsockname()[1], flush=True)
        client, _ = listener.accept()
        with client, contextlib.suppress(ConnectionError):
            client.recv(65536)
            client.sendall(welcome("reader"))
            for chunk in what:
                client.sendall(chunk)
            if client.recv(65536):  # it leaves
                client.sendall(events.bye("exit", reconnect=False))


if __name__ == "__main__":
    play(int(sys.argv[1]), int(sys.argv[2]))
