"""The contract of a face: what a connection speaks, and the table in which its first bytes find it.

A face turns the bytes of one client into commands, and its framing turns events into bytes for all
of its readers. The server itself knows JSON lines (`server.lines`); whatever else is spoken on the
port is one row more in the table that it is given.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, Protocol

from chatroom.config import Limits
from chatroom.protocol.errors import ProtocolError


class Framing(Protocol):
    """How all readers of a face are sent events. It has no state; any thread may call it."""

    def frame(self, lines: bytes) -> bytes:
        """Return events as this face sends them.

        Args:
            lines: whole events, each a line with its newline, as `protocol.events` makes it; there
                may be none.
        """

    def farewell(self, lines: bytes) -> bytes:
        """Return the last events of a connection, and what ends a stream of this face.

        Args:
            lines: what `frame` takes; the last one is a `bye`.
        """


class _Lines:
    """Events as they are made."""

    def frame(self, lines: bytes) -> bytes:
        return lines

    def farewell(self, lines: bytes) -> bytes:
        return lines


LINES: Framing = _Lines()
"""Events as they are made, a line each. It is that of every connection whose face is not known."""


class Shared:
    """Events that many are sent, framed once for each face that any of them speaks.

    Belongs to the delivery thread.

    Args:
        lines: what `Framing.frame` takes.
    """

    def __init__(self, lines: bytes) -> None:
        self._framed = {LINES: lines}

    def framed(self, framing: Framing) -> bytes:
        """Return them as a face sends them."""
        found = self._framed.get(framing)
        if found is None:
            found = self._framed[framing] = framing.frame(self._framed[LINES])
        return found


class Raw(NamedTuple):
    """Bytes for the client, to be sent as they are and in their place among its replies."""

    data: bytes


class Upgrade(NamedTuple):
    """Another face goes on with what comes from now on."""

    data: bytes
    """What is sent as it is, before anything in the framing of the other face."""
    face: "Face"


class End(NamedTuple):
    """The connection ends, and what comes from the client no longer counts."""

    data: bytes = b""
    """What is sent as it is, as the last thing."""


Item = dict[str, object] | ProtocolError | Raw | Upgrade | End
"""What came from a client: a command, what was wrong in the place of one, or what the face itself
has to say to it."""


class Face(Protocol):
    """What one connection speaks. Belongs to its reading thread."""

    @property
    def name(self) -> str:
        """What it is called, in one word. Any thread may ask."""

    @property
    def framing(self) -> Framing:
        """How the client is sent events."""

    def feed(self, data: bytes) -> Iterable[Item]:
        """Take the next bytes of the client and return what they come to, in order.

        Each item is dealt with before the next is asked for. So a face may make them one by one,
        and a client that asks for much with a few bytes gets no more ahead of what it takes than
        others do. What is left when the connection ends is not asked for.
        """

    def admit(self) -> None:
        """Note that the client has logged in, so that `limits.login_bytes` no longer binds it."""


class Peer(NamedTuple):
    """Who connects, as a face that is opened for it wants to know."""

    address: str
    """Where it comes from."""
    secure: bool
    """Whether it speaks TLS."""
    welcome: bool
    """Whether it may speak as it does; False where TLS is required and it does not. Its face then
    tells it so, and does nothing else."""
    limits: Limits


class Row(NamedTuple):
    """A face in the table."""

    claims: Callable[[bytes], bool | None]
    """Says whether a connection that begins with these bytes, of which there is at least one,
    speaks this face; None while more have to come. A few bytes have to be enough."""
    open: Callable[[Peer], Face]
    """Returns a face for one connection. Called in its reading thread."""


def recognise(table: Sequence[Row], first: bytes) -> Row | None:
    """Return the row of `table` that claims a connection, None while more bytes have to come.

    Args:
        table: the faces, in the order in which they are asked; the last one claims everything.
        first: what came from the client so far; nothing if it has ended already.
    """
    if first:
        for row in table:
            claims = row.claims(first)
            if claims is None:
                return None
            if claims:
                return row
    return table[-1]
