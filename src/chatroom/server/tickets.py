"""What the server itself puts into the one order of everything, beside the room's tickets."""

import msgspec

from chatroom.room.tickets import RoomTicket
from chatroom.server.face import Framing
from chatroom.server.outbox import Outbox

_OVERHEAD = 256


class Answer(msgspec.Struct, frozen=True, gc=False):
    """A reply that needs nothing to be committed."""

    outbox: Outbox
    frame: bytes

    @property
    def weight(self) -> int:
        """What it counts among the connection's own replies: more than its bytes while it waits."""
        return _OVERHEAD + len(self.frame)


class Verbatim(msgspec.Struct, frozen=True, gc=False):
    """Bytes that are no event, but what a face has to say for itself."""

    outbox: Outbox
    data: bytes
    framing: Framing | None = None
    """How what follows is framed from here on; None for no change."""

    @property
    def weight(self) -> int:
        """What it counts among the connection's own replies."""
        return _OVERHEAD + len(self.data)


class Farewell(msgspec.Struct, frozen=True):
    """The last thing that a connection is sent."""

    outbox: Outbox
    frame: bytes
    at_once: bool = False
    """Whether what it is still to be sent is given up for it."""
    raw: bool = False
    """Whether `frame` is what a face has made, to be sent as it is, and not an event."""


class Release(msgspec.Struct, frozen=True):
    """The reading thread of a connection has ended: close it when all is sent."""

    outbox: Outbox


class Abandon(msgspec.Struct, frozen=True):
    """A connection has had its time to take what it is sent: close it now."""

    outbox: Outbox


Ticket = RoomTicket[Outbox] | Answer | Verbatim | Farewell | Release | Abandon
