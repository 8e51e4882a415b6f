"""What the server counts of what it does, for whoever watches it.

A count belongs to one thread, which adds to it without a lock as it goes; any other may read it at
any time. Nothing here is counted for each reader of a message.
"""

import threading
from collections import Counter

from chatroom.histogram import Histogram
from chatroom.protocol.errors import ErrorCode

TURNED_AWAY = (ErrorCode.TOO_MANY_CONNECTIONS, ErrorCode.BANNED)
"""What a connection may be told that is not let in."""

REFUSED = (
    ErrorCode.INVALID_USERNAME,
    ErrorCode.INVALID_FIELD,
    ErrorCode.WRONG_PASSWORD,
    ErrorCode.INVALID_SESSION,
    ErrorCode.INVITE_REQUIRED,
    ErrorCode.INVALID_INVITE,
    ErrorCode.BANNED,
    ErrorCode.RATE_LIMITED,
    ErrorCode.STORAGE_FULL,
    ErrorCode.UNAVAILABLE,
)
"""What a login may be told that is refused. All are shown from the start: what is not there yet
cannot be seen to grow."""


class Counts:
    """How much of everything there has been since the start."""

    def __init__(self) -> None:
        # The listener's.
        self.connections = 0
        """Connections that were let in."""
        self.turned_away: Counter[ErrorCode] = Counter(dict.fromkeys(TURNED_AWAY, 0))
        """Those that were not, by what they were told."""
        # The delivery's.
        self.logins = 0
        """Those who came into the room, by a password or a session."""
        self.public = 0
        """Messages to everyone, each once however often it was sent."""
        self.private = 0
        """Messages to one user, likewise."""
        self.duplicates = 0
        """Messages that were in the log already when they came."""
        self.public_deliveries = 0
        """Messages to everyone, each as often as there were connections that it was for."""
        self.private_deliveries = 0
        """Messages to one user, likewise."""
        self.rounds = Histogram()
        """How long the rounds took, in seconds."""
        # Everybody's who logs in, and so behind a lock.
        self._lock = threading.Lock()  # guards the one below; nothing blocks under it
        self._refused: Counter[ErrorCode] = Counter(dict.fromkeys(REFUSED, 0))

    def refuse_login(self, code: ErrorCode) -> None:
        """Count a login that was refused. Any thread may call it."""
        with self._lock:
            self._refused[code] += 1

    def refused_logins(self) -> dict[ErrorCode, int]:
        """Return how many logins were refused, by what they were told. Any thread may call it."""
        with self._lock:
            return dict(self._refused)
