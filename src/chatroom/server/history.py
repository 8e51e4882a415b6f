"""Pages of what was said before, read from the log for whoever scrolls back.

Each is read and made in the thread of the client that asks. What is committed and not yet sent is
in it too; a client knows it by its place when it comes.
"""

import threading
from collections.abc import Iterator
from typing import NamedTuple

from chatroom.auth.accounts import Accounts
from chatroom.log.base import ROOM, Account, Entry, Store
from chatroom.protocol.commands import History
from chatroom.protocol.errors import ErrorCode, ProtocolError
from chatroom.protocol.names import shown
from chatroom.protocol.pages import Page, Said
from chatroom.server.unreadable import told_if_unreadable

ENTRIES = 50
"""How many messages a page has if the client does not say."""

PAGE_BYTES = 128 * 1024
"""How long the texts of a page may be, in bytes of UTF-8, if it has more than one."""

PLACES = 1000
"""How many places of somebody else's inbox are looked through for what the reader said there."""

_PORTION = 64  # how many entries are read at a time, which may be as long as they like


class _Wanted(NamedTuple):
    """Whose messages are asked for, and where they are."""

    log: int
    author: int | None = None
    """Of whom alone; None for everybody."""
    to: str | None = None
    """The name of the user whose inbox it is; None for the room and the reader's own."""


class Pages:
    """Makes pages of the logs. Any thread may call it but those that must not wait for the disk.

    One at a time: each takes the lock of the interpreter again and again from those who talk, so a
    crowd that scrolls is to wait for one another.

    Args:
        store: where the logs are.
        accounts: who the numbers in them are.
    """

    def __init__(self, store: Store, accounts: Accounts) -> None:
        self._store = store
        self._accounts = accounts
        self._turn = threading.Lock()  # guards nothing; one reads the store under it

    def page(self, reader: Account, command: History) -> Page:
        """Return what `reader` asks for, or as much of it as one page holds.

        Nobody is shown anything that was not said to everyone, to them, or by them.

        Raises:
            ProtocolError: `invalid_field` if it is about somebody there is not, `unavailable`.
        """
        wanted = self._wanted(reader, command)
        with self._turn, told_if_unreadable():
            return self._read(wanted, command)

    def _wanted(self, reader: Account, command: History) -> _Wanted:
        if command.log == "room":
            return _Wanted(ROOM)
        if command.log == "inbox":
            return _Wanted(reader.inbox)
        to = command.to or ""
        other = self._accounts.find(to)
        if other is None:
            sentence = f"There is nobody called {shown(to)}."
            raise ProtocolError(ErrorCode.INVALID_FIELD, sentence, field="to")
        return _Wanted(other.inbox, reader.number, other.name)

    def _read(self, wanted: _Wanted, command: History) -> Page:
        """Read a page, from its last place backwards.

        Raises:
            StoreError: the log cannot be read.
        """
        store, log, limit = self._store, wanted.log, command.limit or ENTRIES
        head = store.head(log)
        last = head if command.before is None else min(command.before - 1, head)
        first, size = last + 1, 0
        said: list[Said] = []
        places = limit if wanted.author is None else PLACES
        for entry in self._backwards(log, last, places):
            if wanted.author is None or wanted.author == entry.author:
                size += len(entry.text.encode())
                if said and size > PAGE_BYTES:
                    break
                name = self._accounts.name(entry.author)
                said.append(Said(name, entry.text, entry.seq, entry.ts))
            first = entry.seq
            if len(said) == limit:
                break
        said.reverse()
        # Asked last: if anything was forgotten meanwhile, the page says that it is the end.
        oldest = store.oldest(log)
        return Page(command.log, store.epoch(log), first, last, oldest, said, wanted.to)

    def _backwards(self, log: int, last: int, places: int) -> Iterator[Entry]:
        """Yield the entries of `log` at `last` and before it, as far as they are kept.

        Args:
            log: its number.
            last: the place to begin at.
            places: how many places are looked at, at most.

        Raises:
            StoreError: the log cannot be read.
        """
        behind, stop = last + 1, max(self._store.oldest(log), last + 1 - places)
        while behind > stop:
            start = max(stop, behind - _PORTION)
            entries = self._store.read(log, start - 1, behind - start)
            # Where some have just been forgotten, those that follow come in their place.
            kept = [entry for entry in entries if entry.seq < behind]
            yield from reversed(kept)
            if len(kept) < behind - start:
                return
            behind = start
