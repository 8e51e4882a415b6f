"""What is read from the log for those who are further behind than the tail reaches."""

from chatroom.auth.accounts import Accounts
from chatroom.log.base import ROOM, Account, Entry, Store
from chatroom.protocol import events
from chatroom.server.tail import Run

ENTRIES = 64
"""How many entries are read at a time: few enough to keep nobody else waiting."""


class Backlog:
    """Reads the log as it goes over the wire. Belongs to the delivery thread.

    Args:
        store: where the logs are.
        accounts: who the numbers in them are.
    """

    def __init__(self, store: Store, accounts: Accounts) -> None:
        self._store = store
        self._accounts = accounts

    def public(self, place: int, stop: int) -> Run:
        """Return some public messages from `place`, or the oldest there still is, up to `stop`.

        Raises:
            StoreError: the log cannot be read.
        """
        entries = self._entries(ROOM, place, stop)
        epoch = self._store.epoch(ROOM)
        frames = [
            events.broadcast(
                self._accounts.name(entry.author),
                entry.text,
                entry.seq,
                entry.seq - 1,
                events.stamp(epoch, entry.ts),
            )
            for entry in entries
        ]
        return Run(entries[0].seq if entries else stop, frames)

    def private(self, account: Account, place: int, stop: int) -> tuple[bytes, int]:
        """Return some direct messages to `account` from `place` up to `stop`, and the place behind.

        Raises:
            StoreError: the log cannot be read.
        """
        entries = self._entries(account.inbox, place, stop)
        epoch = self._store.epoch(account.inbox)
        frames = [
            events.direct_message(
                self._accounts.name(entry.author),
                account.name,
                entry.text,
                entry.seq,
                entry.seq - 1,
                events.stamp(epoch, entry.ts),
            )
            for entry in entries
        ]
        return b"".join(frames), entries[-1].seq + 1 if entries else stop

    def _entries(self, log: int, place: int, stop: int) -> list[Entry]:
        """Return some entries of `log`. It may be ahead of what is sent, so they end at `stop`."""
        entries = self._store.read(log, place - 1, min(ENTRIES, stop - place))
        return [entry for entry in entries if entry.seq < stop]  # some may have been forgotten
