"""Who is logged in on a connection, and whether it has ended.

Four come together here: the reading thread, the timers when the time to log in runs out or the
connection falls silent, the control socket when an account is removed, and the end of the server.
"""

import threading
from typing import NamedTuple

from chatroom.room.roster import Member
from chatroom.server.outbox import Outbox


class Leaver(NamedTuple):
    """Who is to leave the room with the connection."""

    member: Member[Outbox] | None
    """None if nobody had logged in."""
    session: bytes
    """The digest of the session; empty if nobody had."""


class Presence:
    """The state of one connection. Any thread may call any method; none blocks."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # guards the rest; nothing else is locked under it
        self._member: Member[Outbox] | None = None
        self._session = b""
        self._checking = False  # whether a password is being checked
        self._late = False  # whether the time to log in has run out meanwhile
        self._ended = False

    @property
    def member(self) -> Member[Outbox] | None:
        """Who is logged in, None before and behind that."""
        return self._member

    @property
    def session(self) -> bytes:
        """The digest of the session; empty before the login."""
        return self._session

    @property
    def ended(self) -> bool:
        """Whether what comes from the client no longer counts."""
        return self._ended

    def enter(self, member: Member[Outbox], session: bytes) -> bool:
        """Log somebody in; return False if the connection has ended meanwhile."""
        with self._lock:
            if not self._ended:
                self._member, self._session = member, session
            return not self._ended

    def leave(self) -> Leaver | None:
        """End; return who is to leave the room, None if that was done before."""
        with self._lock:
            if self._ended:
                return None
            self._ended = True
            member, self._member = self._member, None
            return Leaver(member, self._session)

    def check_begins(self) -> None:
        """Note that a password is being checked, which may outlast the time to log in."""
        with self._lock:
            self._checking = True

    def check_ends(self) -> bool:
        """Note that it has been checked; return whether the time has run out meanwhile."""
        with self._lock:
            self._checking = False
            return self._late

    def time_is_up(self) -> bool:
        """Note that the time to log in has run out; return whether nobody is about to be in."""
        with self._lock:
            self._late = True
            return not (self._member is not None or self._checking or self._ended)
