"""Somebody in a room, as a program: told on standard input what to say, telling what happens.

    python -m tests.network.talker ADDRESS USERNAME FINGERPRINT

It prints one JSON object a line for each event, and for each message of its own that is confirmed.
"""

import json
import sys
import threading
from concurrent.futures import Future
from functools import partial

import msgspec

import chatroom

_printing = threading.Lock()


def tell(what: str, **fields: object) -> None:
    """Print what happened."""
    with _printing:
        sys.stdout.write(json.dumps({"what": what, **fields}) + "\n")
        sys.stdout.flush()


def on_event(event: chatroom.Event) -> None:
    """Print an event, but for what it holds that is no data."""
    fields = {} if isinstance(event, chatroom.LineGone) else msgspec.to_builtins(event)
    tell(type(event).__name__, **fields)


def confirmed(text: str, future: Future[chatroom.Receipt]) -> None:
    """Print what became of a message."""
    tell("confirmed", text=text, seq=future.result().seq)


def main() -> None:
    """Talk until the input ends."""
    _, address, username, fingerprint = sys.argv
    with chatroom.connect(
        address,
        username=username,
        password="secret",
        fingerprint=fingerprint,
        on_event=on_event,
    ) as room:
        tell("entered", users=room.users)
        for line in sys.stdin:
            text = line.rstrip("\n")
            room.submit(text).add_done_callback(partial(confirmed, text))


if __name__ == "__main__":
    main()
