"""The clients: one process each, killed and started again from its state file."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec

from chatroom.selftest.child import Child
from chatroom.selftest.journal import read_journal
from chatroom.selftest.orders import Orders, journal_of
from chatroom.selftest.plan import Settings, name_of
from chatroom.selftest.records import History, Record

PROGRAM = (sys.executable, "-P", "-m", "chatroom.selftest.client")
"""The command line of a client's process, before its orders."""

LEAVE_SECONDS = 5.0
"""How long a client has to leave when it is asked to."""

_READ_BYTES = 65536


class ClientProcess:
    """One client. Belongs to one thread.

    Args:
        settings: What is asked of the self-test.
        client: Its number.
        folder: Where its files are.
    """

    def __init__(self, settings: Settings, client: int, folder: Path) -> None:
        self.name = name_of(client)
        """What it is called."""
        self.log = folder / f"{self.name}.log"
        """Where its standard error goes."""
        self.lives = 0
        """How often it was started."""
        self.said: set[str] = set()
        """What it has told in this life, such as "entered"."""
        self.tally = [0, 0]
        """How many messages were confirmed to it, and how many it received, as far as it told."""
        self._settings = settings
        self._client = client
        self._folder = folder
        self._child: Child | None = None
        self._rest = b""  # of a line that is not complete

    @property
    def output(self) -> int:
        """The file descriptor on which it tells how it is; -1 if it does not run."""
        return -1 if self._child is None else self._child.output

    def start(self, port: int, server_port: int) -> None:
        """Starts a process that goes on where the one before it was.

        Args:
            port: Where the proxy listens.
            server_port: Where the server listens.
        """
        self.lives += 1
        orders = Orders(
            self._settings, self._client, self.lives, str(self._folder), port, server_port
        )
        words = [*PROGRAM, msgspec.json.encode(orders).decode()]
        self._child = Child(words, self.log, {})
        self.said = set()
        self._rest = b""

    def order(self, word: str) -> None:
        """Tells it something, if it runs."""
        if self._child is not None:
            self._child.tell(word)

    def listen(self) -> bool:
        """Takes in what it tells; returns False when it has ended."""
        data = os.read(self.output, _READ_BYTES)
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            word, *figures = line.decode().split()
            if word == "tally":
                for index, figure in enumerate(figures):
                    self.tally[index] += int(figure)
            else:
                self.said.add(word)
        return bool(data)

    def kill(self) -> int | None:
        """Ends it by SIGKILL, if it runs; returns the status, as `subprocess` has it."""
        child, self._child = self._child, None
        return None if child is None else child.kill()

    def wait(self, seconds: float) -> int | None:
        """Waits until it has ended; returns the status, None if it had to be killed."""
        child, self._child = self._child, None
        return 0 if child is None else child.wait(seconds)

    def history(self) -> History:
        """Returns what it has written down in all its lives; it is read while it is looked at."""
        return History(self.name, self._lives())

    def _lives(self) -> Iterator[Iterator[Record]]:
        for life in range(1, self.lives + 1):
            path = journal_of(self._folder, self.name, life)
            # One that was killed while it started has written nothing.
            yield read_journal(path) if path.exists() else iter(())
