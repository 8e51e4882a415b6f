"""Appends what is said to talk.txt; stopped and started again, it goes on where it was."""

import os
import sys
from pathlib import Path

import chatroom

password = os.environ.get("CHATROOM_PASSWORD")
with (
    chatroom.connect(sys.argv[1], username="logger", password=password, state="talk.state") as room,
    Path("talk.txt").open("a", encoding="utf-8") as file,
):
    for message in room:
        print(f"{message.sender}: {message.text!r}", file=file, flush=True)
        room.commit(message)
