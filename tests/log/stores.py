"""What the tests of the log share: a clock to turn, stores that misbehave, and shorthands."""

import threading
from collections.abc import Callable, Sequence

from chatroom.log.base import (
    ROOM,
    Account,
    AddAccount,
    Appended,
    Change,
    Draft,
    Entry,
    Outcome,
    Store,
)
from chatroom.log.memory import MemoryStore

DEADLINE = 10.0
"""Seconds after which what a test waits for has not happened."""


class HookedStore(MemoryStore):
    """A memory store that calls `hook` in front of each commit and probe, which may raise."""

    def __init__(self) -> None:
        super().__init__()
        self.hook: Callable[[], None] = lambda: None
        self.batches: list[list[Change]] = []
        self.probes = threading.Semaphore(0)
        """Counts how often there was a look for room."""
        self.is_abandoned = False

    def commit(self, changes: Sequence[Change]) -> list[Outcome]:
        """Commit, unless the hook raises."""
        self.hook()
        self.batches.append(list(changes))
        return super().commit(changes)

    def probe(self) -> None:
        """Look for room; there is some unless the hook raises."""
        self.probes.release()
        self.hook()

    def abandon(self) -> None:
        """Note that nothing is to be written any more."""
        self.is_abandoned = True


class Gate:
    """Holds whoever passes until the test opens it, and tells the test that somebody came."""

    def __init__(self) -> None:
        self._came = threading.Event()
        self._open = threading.Event()

    def __call__(self) -> None:
        """Wait at the gate."""
        self._came.set()
        assert self._open.wait(DEADLINE)

    def wait_for_somebody(self) -> None:
        """Wait until somebody stands at the gate."""
        assert self._came.wait(DEADLINE)

    def open(self) -> None:
        """Let everybody through from now on."""
        self._open.set()


def add(store: Store, name: str, hashed: str = "hash") -> Account:
    """Register `name` in `store`."""
    (account,) = store.commit([AddAccount(name, hashed)])
    assert isinstance(account, Account)
    return account


def say(store: Store, *texts: str, log: int = ROOM, author: int = 1) -> list[Appended]:
    """Commit `texts` as one batch."""
    outcomes = store.commit([Draft(log, author, text) for text in texts])
    return [outcome for outcome in outcomes if isinstance(outcome, Appended)]


def everything(store: Store, log: int = ROOM) -> list[Entry]:
    """Return all entries of `log`."""
    return store.read(log, 0, 1_000_000)


def texts(store: Store, log: int = ROOM) -> list[str]:
    """Return what the entries of `log` say."""
    return [entry.text for entry in everything(store, log)]
