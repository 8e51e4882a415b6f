"""The face of JSON lines: what a connection speaks whose first bytes are of no other face."""

from collections.abc import Iterable, Iterator

from chatroom.config import Limits
from chatroom.protocol.errors import ErrorCode, ProtocolError
from chatroom.protocol.frames import Frame, FrameDecoder
from chatroom.server.face import LINES, Face, Item, Peer, Row

_PORTION = 4096
"""How much is looked at at a time. Every two bytes may be a frame, and what is wrong with it takes
half a kilobyte for as long as the client does not read what it is told of those before."""


class Allowance:
    """How much a client may send before its login; what it sends comes in portions.

    Belongs to the reading thread.

    Args:
        login_bytes: how many bytes may come before the login, whatever is among them.
    """

    __slots__ = ("_left", "_login_bytes")

    def __init__(self, login_bytes: int) -> None:
        self._login_bytes = login_bytes
        self._left: int | None = login_bytes  # None behind the login

    @property
    def lifted(self) -> bool:
        """Whether the client has logged in."""
        return self._left is None

    def lift(self) -> None:
        """Let the client, which has logged in, send as much as it likes."""
        self._left = None

    def portions(self, data: bytes) -> Iterator[bytes]:
        """Yield `data` in portions; the login may be in one of them.

        Raises:
            ProtocolError: `frame_too_large`: there is more than may come before the login.
        """
        place = 0
        while place < len(data):
            size = _PORTION
            if self._left is not None:
                if not self._left:
                    raise _too_much(self._login_bytes)
                size = min(size, self._left)
            portion = data[place : place + size]
            place += len(portion)
            if self._left is not None:
                self._left -= len(portion)
            yield portion


class JsonLines:
    """Frames as `protocol.frames` reads them. Belongs to the reading thread.

    Args:
        limits: how much a client may send.
    """

    __slots__ = ("_allowance", "_decoder")

    name = "json"
    framing = LINES

    def __init__(self, limits: Limits) -> None:
        self._decoder = FrameDecoder(limits.frame_bytes)
        self._allowance = Allowance(limits.login_bytes)

    def feed(self, data: bytes) -> Iterable[Frame]:
        """Take the next bytes of the stream and return the frames that they complete, in order."""
        if len(data) <= _PORTION and self._allowance.lifted:
            return self._decoder.feed(data)
        return self._in_portions(data)

    def admit(self) -> None:
        """Note that the client has logged in."""
        self._allowance.lift()

    def _in_portions(self, data: bytes) -> Iterator[Frame]:
        try:
            for portion in self._allowance.portions(data):
                yield from self._decoder.feed(portion)
        except ProtocolError as problem:
            yield problem


class Refusal:
    """What somebody meets who may not speak as it does: an error. Belongs to the reading thread.

    Args:
        problem: what it is told.
    """

    name = "json"
    framing = LINES

    def __init__(self, problem: ProtocolError) -> None:
        self._problem = problem

    def feed(self, data: bytes) -> Iterable[Item]:  # noqa: ARG002  # it is not read
        """Return the error, whatever comes."""
        return [self._problem]

    def admit(self) -> None:
        """Nobody logs in here."""


def _open(peer: Peer) -> Face:
    return JsonLines(peer.limits) if peer.welcome else Refusal(_tls_required())


def _too_much(limit: int) -> ProtocolError:
    """Return the error for a connection that has sent more than `limit` bytes and no login."""
    return ProtocolError(
        ErrorCode.FRAME_TOO_LARGE,
        f"The login has to come within the first {limit} bytes; connect again and log in first.",
    )


def _tls_required() -> ProtocolError:
    return ProtocolError(
        ErrorCode.TLS_REQUIRED,
        "This server takes TLS only, so that nobody on the way can read what is said;"
        " connect with TLS, such as by chatroom join --tls.",
    )


def _anything(first: bytes) -> bool:  # noqa: ARG001
    return True


JSON_LINES = Row(_anything, _open)
"""The last row of every table: whatever no other face claims is read as JSON."""
