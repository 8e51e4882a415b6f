"""Greets everyone who comes in, in private."""

import os
import queue
import sys

import chatroom

events: queue.SimpleQueue[chatroom.Event] = queue.SimpleQueue()
password = os.environ.get("CHATROOM_PASSWORD")
with chatroom.connect(
    sys.argv[1], username="usher", password=password, on_event=events.put
) as room:
    while not isinstance(event := events.get(), chatroom.LineGone):
        if isinstance(event, chatroom.UsersChanged):
            for name in event.came:
                room.submit(f"Welcome, {name}!", to=name)
