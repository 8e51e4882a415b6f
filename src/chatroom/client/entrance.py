"""The way into the room: by whom, from where on, and what is kept of it."""

import logging
import time

import msgspec

from chatroom.client.backoff import LIMIT_SECONDS, Backoff
from chatroom.client.errors import StateUnusable
from chatroom.client.handshake import Login, log_in
from chatroom.client.line import Line
from chatroom.client.places import Places
from chatroom.client.progress import Progress
from chatroom.client.wire import Welcome

_logger = logging.getLogger("chatroom.client")


class Entrance:
    """Lets one client in, and in again. For one thread at a time.

    Args:
        login: Who it is.
        places: Up to where each log is known.
        progress: Where what has been handled is kept, if anywhere.
        longest_pause: The longest time between two attempts to come in again, in seconds.
    """

    def __init__(
        self,
        login: Login,
        places: Places,
        progress: Progress | None,
        longest_pause: float = LIMIT_SECONDS,
    ) -> None:
        self._login = login
        self.places = places
        """Up to where each log is known."""
        self.progress = progress
        """What has been handled; None if that is not kept."""
        self.backoff = Backoff(limit=longest_pause)
        """How long to wait before each attempt to come in again."""
        self._inside = False  # whether we have been let in

    def open(self, line: Line, timeout: float, history: int = 0) -> Welcome:
        """Opens a line and comes in on it, by the session or by the password.

        Args:
            line: A new line.
            timeout: Seconds for all of it.
            history: How many entries to get of each log that is not known.

        Raises:
            Unreachable: See `log_in`, also for the others.
            LineBroken: The server ended the connection.
            NotTrusted: It is not the server that is meant.
            LoginRefused: The server said no.
            PasswordRequired: No password was given, and no session is good.
        """
        deadline = time.monotonic() + timeout
        return log_in(line, self._login, deadline, logs=self.places.known(), history=history)

    def enter(self, welcome: Welcome) -> int:
        """Takes up a line that was opened; returns how many messages come before all that is new.

        Raises:
            StateUnusable: It cannot be kept. Only the first time; later it is logged.
        """
        count = self.places.enter(welcome.logs)
        if welcome.type == "welcome":  # what comes back by a session goes on with it
            self._login = msgspec.structs.replace(self._login, session=welcome.session)
        if self.progress is not None:
            self._keep(self.progress, welcome.username)
        return count

    def _keep(self, progress: Progress, username: str) -> None:
        try:
            progress.enter(username, self._login.session, self.places.known())
        except StateUnusable as error:
            if not self._inside:
                raise
            _logger.log(logging.ERROR, "%s", error)
        self._inside = True
