"""Answers every direct message with the same words."""

import os
import sys

import chatroom

password = os.environ.get("CHATROOM_PASSWORD")
with chatroom.connect(sys.argv[1], username="echo", password=password) as room:
    for message in room:
        if message.private:
            room.submit(message.text, to=message.sender)
