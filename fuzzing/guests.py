"""Those at the other end: one who says what an input says, and one who sees that nobody is hurt."""

import json
import re
from collections.abc import Iterator

from fuzzing.conversation import check, messages
from fuzzing.stage import Stage
from fuzzing.target import hold
from fuzzing.wire import Wire

_INSTRUCTION = re.compile(rb"\xff(?:o(?P<script>.*?)(?:\xff<|\Z)|[.tfsrk])", re.DOTALL)
"""What stands in an input between what the client says; 0xff is no part of any UTF-8."""

PAUSE, TIME, FULL, SLOW, ROOM, SESSION = (b"\xff" + bytes([byte]) for byte in b".tfsrk")
"""What was said so far arrives; time passes; the client reads nothing, a little, all again; the
session that a guest was given."""

OTHER, BACK = b"\xffo", b"\xff<"
"""Around what somebody else says meanwhile, on a connection of its own."""

INSTRUCTIONS = (PAUSE, TIME, FULL, SLOW, ROOM, SESSION, OTHER, BACK)

_LONG = 4096
"""Who says more has to read: more replies than may wait would have the server wait for ever, as
there is nobody else who could read them."""

_LITTLE = 100
_SESSION = re.compile(rb'"session":"([^"]+)"')


class Guest:
    """Says what a script says.

    Args:
        stage: where.
        script: the bytes, with instructions in them.
    """

    def __init__(self, stage: Stage, script: bytes) -> None:
        self.said, self.heard = bytearray(), bytearray()
        self._stage = stage
        self._may_be_slow = len(script) <= _LONG
        self._steps = self._follow(script)

    def meet(self, wire: Wire) -> None:
        """Learn the wire, which the guest may leave full."""
        self._wire = wire

    @property
    def cut(self) -> bool:
        """Whether replies may be missing."""
        return self._wire.cut or self._wire.room is not None

    def speak(self) -> bytes:
        """Return what comes next."""
        data = next(self._steps, b"")
        self.said += data
        return data

    def hear(self, data: bytes) -> None:
        """Note it."""
        self.heard += data
        if found := _SESSION.search(data):
            self._stage.session = found[1]

    def _follow(self, script: bytes) -> Iterator[bytes]:
        """Yield what arrives, and have happen between what is to happen between."""
        words, at = b"", 0
        for found in _INSTRUCTION.finditer(script):
            words += script[at : found.start()]
            at = found.end()
            if found[0] == SESSION:
                words += self._stage.session
                continue
            if words:
                yield words
            words = b""
            if found["script"] is None:
                self._happen(found[0])
            else:
                visit(self._stage, found["script"])
        if words := words + script[at:]:
            yield words

    def _happen(self, instruction: bytes) -> None:
        if instruction == TIME:
            self._stage.pass_time()
        elif instruction == ROOM:
            self._wire.room = None
        elif instruction != PAUSE and self._may_be_slow:
            self._wire.room = 0 if instruction == FULL else _LITTLE

    def judge(self) -> None:
        """See that each command got its reply."""
        limit = self._stage.limits.frame_bytes
        check(bytes(self.said), bytes(self.heard), limit, cut=self.cut)


def visit(stage: Stage, script: bytes) -> None:
    """Have a guest follow `script`."""
    guest = Guest(stage, script)
    stage.serve(guest)
    if stage.is_json(bytes(guest.said)):
        guest.judge()


class Bystander:
    """Bob, who is in the room while the others are, and whom they must not harm.

    Args:
        visits: is begun when he is in, and has ended when it is exhausted.
    """

    def __init__(self, visits: Iterator[None]) -> None:
        self._heard = bytearray()
        self._steps = self._talk(visits)

    def meet(self, wire: Wire) -> None:
        """Nothing is to be known of it."""

    def speak(self) -> bytes:
        """Return what comes next."""
        return next(self._steps, b"")

    def hear(self, data: bytes) -> None:
        """Note it."""
        self._heard += data

    def _talk(self, visits: Iterator[None]) -> Iterator[bytes]:
        yield _line("login", username="bob", password="only bob knows")  # noqa: S106
        for _ in visits:
            pass
        yield _line("PM", message="still here", id="after") + _line("WHO", id="who")
        yield _line("EX", id="end")

    def judge(self) -> None:
        """See that he was served as if nobody else had been there, and missed nothing."""
        heard = messages(bytes(self._heard))
        replies = [(one["type"], one["id"]) for one in heard if one.get("id") is not None]
        hold(replies == [("confirmation", "after"), ("active_users", "who"), ("bye", "end")], heard)
        room = inbox = 0
        for message in heard:
            if message["type"] == "direct_message":
                hold((message["prev"], message["seq"]) == (inbox, inbox + 1), message)
                inbox += 1
            elif message["type"] in {"broadcast", "confirmation"}:
                hold(message["seq"] == room + 1, message)
                room += 1


def beside_bob(stage: Stage, visits: Iterator[None]) -> None:
    """Have `visits` made while Bob is in the room, and see that they do him no harm."""
    bob = Bystander(visits)
    stage.serve(bob)
    bob.judge()


def _line(command: str, **fields: object) -> bytes:
    return json.dumps({"command": command} | fields).encode() + b"\n"
