"""What a reader is sent that is its own, and the pieces of a stream that has such in it."""

from typing import Self

import msgspec
from msgspec.structs import replace

from chatroom.server.face import Framing


class Insert(msgspec.Struct, frozen=True, gc=False):
    """A reply, a direct message or a list of users: at its place between the public messages."""

    at: int
    """The place of the public message it goes before."""
    frame: bytes
    resume: int
    """The place to go on at; behind `at` where the reader said that message itself."""
    weight: int = 0
    """What it counts among the connection's own replies."""
    inbox: int = 0
    """Its place in the reader's inbox; 0 for what is not from there."""
    late: bytes = b""
    """What is sent in its place if it has to wait, where it is true only at once."""

    def framed(self, framing: Framing) -> Self:
        """Return it as a face sends it, made of one that has lines."""
        return replace(self, frame=framing.frame(self.frame), late=framing.frame(self.late))


class Piece(msgspec.Struct, frozen=True, gc=False):
    """Something to be sent at once."""

    data: bytes | memoryview
    place: int
    """Where to go on behind an insert; where public messages start."""
    insert: Insert | None = None
