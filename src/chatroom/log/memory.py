"""The engine that keeps everything in memory and loses it with the process."""

import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence

from chatroom.log.base import (
    ROOM,
    Account,
    AddAccount,
    AddSession,
    Appended,
    Audited,
    Change,
    Draft,
    EndSession,
    Entry,
    IdReused,
    Noted,
    Outcome,
    Recall,
    Refused,
    RemoveAccount,
    Session,
    SessionChange,
    SetPassword,
    Store,
    TouchSession,
    new_epoch,
)
from chatroom.log.memory_rules import MemoryRules
from chatroom.log.memory_sessions import MemorySessions
from chatroom.log.rules import AddBan, Ban, EndSessionsOf, Invite, LiftBan, RuleChange, Uninvited
from chatroom.protocol.names import fold

CAPACITY = 1_000_000
"""How many entries are kept by default."""

SIZE = 256 * 1024 * 1024
"""How many bytes of memory their texts may take by default."""

_FORGOTTEN = Entry(0, 0, 0, "", 0.0)  # stands in a list where there was an entry


class _Log:
    """One log: its newest entries, and what is known of it."""

    def __init__(self) -> None:
        self.epoch = new_epoch()
        self.head = 0
        self._entries: list[Entry] = []
        self._forgotten = 0  # how many of the list's first items are only there until it is cut

    @property
    def oldest(self) -> int:
        return self.head - len(self._entries) + self._forgotten + 1

    def append(self, entry: Entry) -> None:
        self._entries.append(entry)
        self.head = entry.seq

    def forget(self) -> None:
        self._entries[self._forgotten] = _FORGOTTEN
        self._forgotten += 1
        if self._forgotten * 2 > len(self._entries):  # seldom enough to cost nothing on average
            del self._entries[: self._forgotten]
            self._forgotten = 0

    def read(self, after: int, limit: int) -> list[Entry]:
        start = self._forgotten + max(0, after + 1 - self.oldest)
        return self._entries[start : start + limit]


class MemoryStore(Store):
    """A store without a file. The contract is `Store`'s; durable means: while the process lives.

    Args:
        capacity: how many entries are kept over all logs, at least one; the oldest are forgotten
            for newer ones, and their ids with them.
        clock: seconds since 1970.
        size: how many bytes of memory the texts of these entries may take, of which one character
            takes up to four; the newest is kept however long it is.
    """

    def __init__(
        self,
        capacity: int = CAPACITY,
        clock: Callable[[], float] = time.time,
        *,
        size: int = SIZE,
    ) -> None:
        self._capacity = capacity
        self._size = size
        self._clock = clock
        self._lock = threading.Lock()  # guards all that follows; nothing blocks under it
        self._logs = {ROOM: _Log()}
        self._accounts: dict[int, Account] = {}
        self._numbers: dict[str, int] = {}  # by folded name, accounts that are not removed
        self._sessions = MemorySessions()
        self._rules = MemoryRules()
        self._ids: dict[tuple[int, str], Entry] = {}
        # Over all logs, oldest first: each entry with its id and what its text takes.
        self._kept: deque[tuple[Entry, str | None, int]] = deque()
        self._taken = 0  # by all their texts, in bytes
        self._ts = 0.0

    def commit(self, changes: Sequence[Change]) -> list[Outcome]:
        """Do all of `changes`; see `Store.commit`."""
        with self._lock:
            for change in changes:  # nothing behind this can fail, and half would not be undone
                if isinstance(change, Draft) and change.log not in self._logs:
                    raise KeyError(change.log)
            self._ts = max(self._ts, round(self._clock(), 3))
            return [self._apply(change) for change in changes]

    def _apply(self, change: Change) -> Outcome:
        match change:
            case Recall():
                return self._known(change) or Refused()
            case Draft():
                return self._known(change) or self._append(change)
            case AddAccount() | SetPassword() | RemoveAccount():
                return self._account(change)
            case Audited():
                return self._apply(change.change)
            case _ if isinstance(change, SessionChange):
                return self._session(change)
            case _:
                return self._rule(change)

    def _known(self, draft: Draft) -> Outcome | None:
        """Say what is known of the draft's id, None if nothing is."""
        known = self._ids.get((draft.author, draft.id)) if draft.id is not None else None
        if known is None:
            return None
        if (known.log, known.text) != (draft.log, draft.text):
            return IdReused()
        return Appended(known.seq, known.ts, duplicate=True)

    def _append(self, draft: Draft) -> Outcome:
        log = self._logs[draft.log]
        entry = Entry(draft.log, log.head + 1, draft.author, draft.text, self._ts)
        log.append(entry)
        if draft.id is not None:
            self._ids[draft.author, draft.id] = entry
        size = sys.getsizeof(entry.text)
        self._kept.append((entry, draft.id, size))
        self._taken += size
        while len(self._kept) > self._capacity or (
            self._taken > self._size and len(self._kept) > 1  # what is confirmed can be read
        ):
            self._forget()
        return Appended(entry.seq, entry.ts)

    def _forget(self) -> None:
        entry, id_, size = self._kept.popleft()
        self._taken -= size
        self._logs[entry.log].forget()
        if id_ is not None:
            del self._ids[entry.author, id_]

    def _account(self, change: AddAccount | SetPassword | RemoveAccount) -> Outcome:
        match change:
            case AddAccount():
                return self._add(change)
            case SetPassword(number, password, was):
                return self._replace(number, password=password, was=was)
            case _:  # RemoveAccount
                self._rules.apply(self._ts, LiftBan(change.account))
                return self._replace(change.account, password="", removed=True)  # nosec B106  # none

    def _add(self, change: AddAccount) -> Outcome:
        key = fold(change.name)
        if key in self._numbers:
            return Refused()
        if change.invite is not None and not self._rules.use_invite(self._ts, change.invite):
            return Uninvited()
        number = len(self._accounts) + 1
        inbox = ROOM + number
        self._logs[inbox] = _Log()
        account = Account(number, change.name, change.password, inbox)
        self._accounts[number] = account
        self._numbers[key] = number
        return account

    def _replace(
        self, number: int, *, password: str, was: str | None = None, removed: bool = False
    ) -> Outcome:
        old = self._accounts.get(number)
        if old is None or old.removed or was not in {None, old.password}:
            return Refused()
        account = Account(number, old.name, password, old.inbox, removed)
        self._accounts[number] = account
        if was is None:
            self._sessions.end_all(number)
        if removed:
            del self._numbers[fold(old.name)]
        return account

    def _session(self, change: SessionChange) -> Outcome:
        match change:
            case AddSession(number, digest, password):
                account = self._accounts.get(number)
                if account is None or account.removed:
                    return Refused()
                if password not in {None, account.password}:
                    return Refused()
                self._sessions.add(digest, number, self._ts)
            case TouchSession(digest):
                self._sessions.touch(digest, self._ts)
            case EndSession(digest):
                self._sessions.end(digest)
            case _:  # ExpireSessions
                self._sessions.expire(change.before)
        return Noted()

    def _rule(self, change: RuleChange) -> Outcome:
        match change:
            case AddBan(int(number)) | EndSessionsOf(number):
                account = self._accounts.get(number)
                if account is None or account.removed:
                    return Refused()
                self._sessions.end_all(number)
        return Noted() if isinstance(change, EndSessionsOf) else self._rules.apply(self._ts, change)

    def read(self, log: int, after: int, limit: int) -> list[Entry]:
        """Return entries behind a place; see `Store.read`."""
        with self._lock:
            return self._logs[log].read(after, limit)

    def head(self, log: int) -> int:
        """Return the place of the newest entry; see `Store.head`."""
        with self._lock:
            return self._logs[log].head

    def oldest(self, log: int) -> int:
        """Return the place of the oldest entry; see `Store.oldest`."""
        with self._lock:
            return self._logs[log].oldest

    def epoch(self, log: int) -> str:
        """Return the name of the incarnation; see `Store.epoch`."""
        with self._lock:
            return self._logs[log].epoch

    def shared(self, log: int, epoch: str) -> int:
        """Return `head` for the only incarnation there is; see `Store.shared`."""
        with self._lock:
            return self._logs[log].head if epoch == self._logs[log].epoch else 0

    def session(self, digest: bytes) -> Session | None:
        """Return a session; see `Store.session`."""
        with self._lock:
            return self._sessions.get(digest)

    def accounts(self) -> list[Account]:
        """Return every account; see `Store.accounts`."""
        with self._lock:
            return list(self._accounts.values())

    def bans(self) -> list[Ban]:
        """Return the bans; see `Store.bans`."""
        with self._lock:
            return self._rules.bans()

    def invites(self) -> list[Invite]:
        """Return the invites; see `Store.invites`."""
        with self._lock:
            return self._rules.invites()

    def probe(self) -> None:
        """There is always room; see `Store.probe`."""

    def close(self) -> None:
        """Nothing to give up; see `Store.close`."""

    def abandon(self) -> None:
        """Nothing to give up; see `Store.abandon`."""
