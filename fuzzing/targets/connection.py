"""A connection from its first byte to its last, by everything that serves it; see `fuzzing.stage`.

An input is what a client sends, with instructions in it; see `fuzzing.guests`.
"""

import threading
from collections.abc import Iterator

from fuzzing.guests import (
    BACK,
    FULL,
    INSTRUCTIONS,
    OTHER,
    PAUSE,
    ROOM,
    SESSION,
    SLOW,
    TIME,
    beside_bob,
    visit,
)
from fuzzing.seeds import SHORT_CASES, TOKENS
from fuzzing.stage import Stage, stage
from fuzzing.target import Target, hold, nothing_logged

LOGIN = b'{"command":"login","username":"alice","password":"secret"}\n'
NEW = b'{"command":"login","username":"carol","password":"a new one"}\n'
SAID = b'{"command":"PM","message":"hello","id":"a1"}\n'
PRIVATE = b'{"command":"DM","to":"bob","message":"psst","id":"a2"}\n'
WHO = b'{"command":"WHO","id":"w"}\n'
PAGE = b'{"command":"history","log":"room","id":"h"}\n'
SENT = b'{"command":"history","log":"sent","to":"bob","before":9,"limit":2}\n'
LEAVE = b'{"command":"EX","id":"x"}\n'
RESUME = b'{"command":"resume","session":"' + SESSION + b'"}\n'

SCRIPTS = (
    LOGIN + SAID + PRIVATE + WHO + LEAVE,
    LOGIN + PAUSE + SAID + TIME + WHO,
    NEW + SAID,
    TIME + LOGIN,
    LOGIN + SLOW + SAID + WHO + SAID + FULL + WHO + TIME + ROOM + WHO,
    LOGIN + FULL + SAID * 3 + OTHER + NEW + SAID * 3 + PRIVATE + BACK + ROOM + LEAVE,
    LOGIN + SAID + OTHER + RESUME + SAID + LEAVE + BACK + WHO,
    LOGIN + SAID * 30,
    LOGIN + SAID + PRIVATE * 2 + PAUSE + PAGE + SENT + SENT.replace(b"sent", b"inbox"),
    LOGIN + OTHER + LOGIN.replace(b"}", b',"history":5}') + SAID + BACK + PRIVATE,
    b'{"command":"login","username":"alice"}' + PAUSE + LOGIN[:20] + PAUSE + LOGIN[20:],
    b'{"command":"login","username":"alice","password":"wrong"}\n' * 12 + LOGIN,
    LOGIN + b'{"command":"pong"}{"command":"ping","id":"p"}' + WHO,
    LOGIN + SAID * 2 + OTHER + RESUME[:-2]
    + b',"logs":{"room":{"epoch":"x","after":7}}}' + BACK + WHO,
)  # fmt: skip


def run(data: bytes) -> None:
    """Serve a client that sends `data`, beside another one."""
    before = threads()
    with nothing_logged(), stage() as here:
        beside_bob(here, _visits(here, data))
    hold(threads() == before, "a thread is left")


def _visits(here: Stage, script: bytes) -> Iterator[None]:
    visit(here, script)
    yield


def threads() -> int:
    """Return how many there are, but for those that hash passwords, which stay."""
    return sum(not thread.name.startswith("password") for thread in threading.enumerate())


TARGET = Target(
    run,
    (*SCRIPTS, *(LOGIN + case for case in SHORT_CASES), *SHORT_CASES),
    (*TOKENS, *INSTRUCTIONS, LOGIN, SAID, PRIVATE, WHO, PAGE, SENT, LEAVE, RESUME),
)
