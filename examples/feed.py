"""Says every line of standard input in the room, such as those of a log file."""

import os
import sys

import chatroom

password = os.environ.get("CHATROOM_PASSWORD")
with chatroom.connect(sys.argv[1], username="feed", password=password) as room:
    for line in sys.stdin:
        if line.strip():
            room.send(line.rstrip("\n"))
