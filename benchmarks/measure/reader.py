"""A program with the client library that reads messages as fast as it can.

It is a process of its own: `python -m benchmarks.measure.reader PORT MESSAGES`. It prints how long
it took and what it used of the processor, in seconds, from the first message to the last.
"""

import sys
import time

import chatroom
from benchmarks.load.orders import HOST
from chatroom import ChatroomError

PASSWORD = "anything"  # noqa: S105 - the player asks for none


def read(port: int, messages: int) -> tuple[float, float]:
    """Read so many messages; return the seconds that passed and those of the processor.

    Raises:
        ChatroomError: not every message came once.
    """
    with chatroom.connect(f"{HOST}:{port}", username="reader", password=PASSWORD) as room:
        stream = iter(room)
        next(stream)
        began, used = time.perf_counter(), time.process_time()
        for _ in range(messages - 1):
            message = next(stream)
        seconds = time.perf_counter() - began
        if message.seq != messages:
            raise ChatroomError(f"The {messages}th message has the number {message.seq}.")
        return seconds, time.process_time() - used


if __name__ == "__main__":
    print(*read(int(sys.argv[1]), int(sys.argv[2])))
