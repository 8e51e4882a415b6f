"""What is read from the log for those who are further behind than the tail reaches."""

from collections.abc import Callable

from chatroom.auth.accounts import Accounts
from chatroom.log.base import ROOM, Account, Entry, Store
from chatroom.protocol import events
from chatroom.server.face import LINES, Framing
from chatroom.server.tail import Run

ENTRIES = 64
"""How many entries are read at a time: few enough to keep nobody else waiting."""

SHARED_BYTES = 16 * 1024 * 1024
"""How much of what was read last is kept, for others who are about as far behind."""


Encode = Callable[[str, Entry, str], bytes]
"""Makes a frame of an entry, given its sender's name and what `events.stamp` made for it."""


class Backlog:
    """Reads the log as it goes over the wire. Belongs to the delivery thread.

    Args:
        store: where the logs are.
        accounts: who the numbers in them are.
        entries: how many entries are read at a time, at most.
        shared_bytes: how much of the public messages that were read last is kept.
    """

    def __init__(
        self,
        store: Store,
        accounts: Accounts,
        *,
        entries: int = ENTRIES,
        shared_bytes: int = SHARED_BYTES,
    ) -> None:
        self._store = store
        self._accounts = accounts
        self._entries = entries
        self._limit = shared_bytes
        # By their first places, marks and framings, the one used last at the end.
        self._shared: dict[tuple[int, str, Framing], Run] = {}
        self._bytes = 0  # in all of them

    def public(self, place: int, stop: int, mark: str = "", *, framing: Framing = LINES) -> Run:
        """Return some public messages that go on at `place`, or the oldest there still is.

        The first ones may be from before `place`: many readers share what is read for one.

        Args:
            place: where the reader is.
            stop: the place that they end at, at the latest; all before it is in the log.
            mark: what each of them ends with; see `events.broadcast`.
            framing: how they are sent.

        Raises:
            StoreError: the log cannot be read.
        """
        first = place - (place - 1) % self._entries
        if first + self._entries > stop:  # it would be another one for the next reader
            return self._public(place, stop, mark, framing)
        run = self._shared.pop((first, mark, framing), None)
        if run is None:
            run = self._public(first, stop, mark, framing)
            if run.first != first:  # some of it is forgotten
                return run
            self._bytes += len(run.data)
        self._shared[first, mark, framing] = run
        while self._bytes > self._limit:
            self._bytes -= len(self._shared.pop(next(iter(self._shared))).data)
        return run

    def _public(self, place: int, stop: int, mark: str, framing: Framing) -> Run:
        def encode(sender: str, entry: Entry, stamp: str) -> bytes:
            seq, prev = entry.seq, entry.seq - 1
            return events.broadcast(sender, entry.text, seq, prev, stamp, mark=mark)

        return self._run(ROOM, place, stop, framing, encode)

    def private(
        self, account: Account, place: int, stop: int, mark: str = "", *, framing: Framing = LINES
    ) -> Run:
        """Return some direct messages to `account` from `place` on, or the oldest there still are.

        The arguments, and what it raises, are those of `public`.
        """

        def encode(sender: str, entry: Entry, stamp: str) -> bytes:
            to, seq, prev = account.name, entry.seq, entry.seq - 1
            return events.direct_message(sender, to, entry.text, seq, prev, stamp, mark=mark)

        return self._run(account.inbox, place, stop, framing, encode)

    def _run(self, log: int, place: int, stop: int, framing: Framing, encode: Encode) -> Run:
        """Return some entries of `log` from `place` on, as `encode` makes them."""
        entries = self._read(log, place, stop)
        epoch, name = self._store.epoch(log), self._accounts.name
        lines = [encode(name(e.author), e, events.stamp(epoch, e.ts)) for e in entries]
        frames = lines if framing is LINES else [framing.frame(line) for line in lines]
        return Run(entries[0].seq if entries else stop, frames)

    def _read(self, log: int, place: int, stop: int) -> list[Entry]:
        """Return some entries of `log`. It may be ahead of what is sent, so they end at `stop`."""
        entries = self._store.read(log, place - 1, min(self._entries, stop - place))
        return [entry for entry in entries if entry.seq < stop]  # some may have been forgotten
