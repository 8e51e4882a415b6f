"""The server under test: a process that is killed and started again on the same port and data."""

import os
import re
import select
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from chatroom.selftest.child import Child

SERVE = (sys.executable, "-P", "-m", "chatroom", "serve")
"""The command line of the server: this very program."""

START_SECONDS = 30.0
"""How long the server has to start."""

STOP_SECONDS = 10.0
"""How long it has to end when it is asked to."""

_SETTINGS = {
    "CHATROOM_AUTH_ARGON2_TIME_COST": "1",
    "CHATROOM_AUTH_ARGON2_MEMORY_KIB": "8",
    "CHATROOM_LIMITS_PING_SECONDS": "1",
    "CHATROOM_LIMITS_ANSWER_SECONDS": "1",
    "CHATROOM_LIMITS_MESSAGES_PER_SECOND": "0",
}
"""Passwords are cheap to check, as they are no secret here, whoever is silent is given up soon, so
that a connection that stands still is one that breaks, and nobody is told to talk less."""

_JOIN = re.compile(rb" join \S+:(\d+)\n")


class ServerFailed(Exception):
    """The server does not start, or has ended by itself. The text is a sentence."""


class Server:
    """Runs `chatroom serve` on a file. Belongs to one thread.

    Args:
        command: The command line, before the options.
        data: The database file.
        log: Where standard error goes, at the end of what is there.
        interrupt: A file descriptor that can be read when everything is to end; -1 for none.
    """

    def __init__(self, command: Sequence[str], data: Path, log: Path, interrupt: int = -1) -> None:
        self._command = command
        self._data = data
        self.log = log
        """Where standard error goes."""
        self._interrupt = interrupt
        self._child: Child | None = None
        self.port = 0
        """Where it listens, from the first start on."""

    @property
    def output(self) -> int:
        """The file descriptor that ends when the server does; -1 if it does not run."""
        return -1 if self._child is None else self._child.output

    def start(self) -> bool:
        """Starts it and waits until it listens; returns False if that was interrupted.

        Raises:
            ServerFailed: It does not.
        """
        words = ["--port", str(self.port), "--data", str(self._data), "--log-level", "info"]
        self._child = Child([*self._command, *words], self.log, _SETTINGS)
        banner = self._banner(self._child.output)
        if banner is None:
            return False
        found = _JOIN.search(banner)
        if found is None:
            status = self.kill()
            raise ServerFailed(f"The server did not start (status {status}); {self.log} says why.")
        self.port = int(found[1])
        return True

    def _banner(self, output: int) -> bytes | None:
        """Returns what it prints until it listens or ends; None if that is interrupted."""
        deadline = time.monotonic() + START_SECONDS
        seen = b""
        poller = select.poll()
        poller.register(output, select.POLLIN)
        if self._interrupt >= 0:
            poller.register(self._interrupt, select.POLLIN)
        while not _JOIN.search(seen):
            ready = [file for file, _ in poller.poll(max(0.0, deadline - time.monotonic()) * 1000)]
            if self._interrupt in ready:
                return None
            chunk = os.read(output, 4096) if ready else b""
            if not chunk:
                break
            seen += chunk
        return seen

    def kill(self) -> int | None:
        """Ends it by SIGKILL, if it runs; returns the status, as `subprocess` has it."""
        child, self._child = self._child, None
        return None if child is None else child.kill()

    def stop(self) -> None:
        """Asks it to end, if it runs, and waits until it has.

        Raises:
            ServerFailed: It did not in time, or with another status than 0.
        """
        child, self._child = self._child, None
        if child is None:
            return
        child.terminate()
        status = child.wait(STOP_SECONDS)
        if status is None:
            raise ServerFailed(f"The server did not end within {STOP_SECONDS:g} seconds.")
        if status != 0:
            raise ServerFailed(f"The server ended with status {status}; {self.log} says why.")
