"""What one transaction does to the file of a store."""

import sqlite3
from collections.abc import Mapping, Sequence
from itertools import chain
from operator import itemgetter

from chatroom.log import sqlite_rules
from chatroom.log.base import (
    SESSIONS,
    Account,
    AddAccount,
    AddSession,
    Appended,
    Audited,
    Change,
    Decision,
    Draft,
    EndSession,
    IdReused,
    Noted,
    Outcome,
    Recall,
    Refused,
    RemoveAccount,
    SessionChange,
    SetPassword,
    TouchSession,
    new_epoch,
)
from chatroom.log.chain import Link, Span, digest, seal, spans_to_text
from chatroom.log.rules import LiftBan, RuleChange, Uninvited
from chatroom.log.sealing import ADD_COMMIT
from chatroom.protocol.names import fold

_INSERT = "INSERT INTO entries (log, seq, author, id, text, ts) VALUES (?, ?, ?, ?, ?, ?)"
_TOGETHER = 32
"""How many entries one statement inserts. The interpreter's lock is given up and fought for once a
statement: with so many in one an insert takes two thirds of the processor time when nobody else
wants the lock, and does not let a hundred threads in between when they do."""
# A statement that may fail half-way, and only itself be undone, saves all pages before.
_INSERT_TOGETHER = _INSERT.replace("INSERT", "INSERT OR ROLLBACK") + ", (?, ?, ?, ?, ?, ?)" * (
    _TOGETHER - 1
)
_KNOWN = "SELECT log, seq, text, ts FROM entries WHERE author = ? AND id = ?"
_ADD_LOG = "INSERT INTO logs (epoch) VALUES (?) RETURNING number"
_ADD = "INSERT INTO accounts (name, key, password, inbox) VALUES (?, ?, ?, ?) RETURNING number"
_CHANGE = """
UPDATE accounts SET password = ?
WHERE number = ? AND removed = 0 AND password = ifnull(?, password)
RETURNING number, name, password, inbox, removed
"""
_REMOVE = """
UPDATE accounts SET password = '', removed = 1 WHERE number = ? AND removed = 0
RETURNING number, name, password, inbox, removed
"""
_ADD_SESSION = """
INSERT OR REPLACE INTO sessions (digest, account, used)
SELECT ?, number, ? FROM accounts
WHERE number = ? AND removed = 0 AND password = ifnull(?, password)
"""
_DROP_SESSIONS = """
DELETE FROM sessions WHERE digest IN (
    SELECT digest FROM sessions WHERE account = ? AND digest <> ?
    ORDER BY used DESC, digest DESC LIMIT -1 OFFSET ?
)
"""

Row = tuple[int, int, int, str | None, str, float]
"""An entry: log, seq, author, id, text, ts."""


class Transaction:
    """The changes of one transaction, and what they make of the heads and of the chain.

    Args:
        writer: the connection, in a transaction.
        heads: the newest place of each log before it.
        before: the newest hash of the chain before it.
        ts: when it is, in seconds since 1970.
    """

    def __init__(
        self, writer: sqlite3.Connection, heads: Mapping[int, int], before: bytes, ts: float
    ) -> None:
        self.ts = ts
        self.heads: dict[int, int] = {}
        """Of the logs that this transaction makes or appends to."""
        self.epochs: dict[int, str] = {}
        """Of the logs that it makes."""
        self.hash = before
        """The newest of the chain; a new one once it is applied, if it appended anything."""
        self._writer = writer
        self._before = heads
        self._rows: list[Row] = []  # everything that it appends
        self._inserted = 0  # how many of them are in the table

    def apply(self, changes: Sequence[Change], *, one_by_one: bool) -> list[Outcome]:
        """Do `changes`; with `one_by_one`, look up first whether each draft's id is known.

        Raises:
            KeyError: there is no such log.
            sqlite3.IntegrityError: not one_by_one, and a draft's id came again.
        """
        outcomes: list[Outcome] = []
        for change in changes:
            if isinstance(change, Recall):
                self._insert()
                outcomes.append(self._known(change) or Refused())
            elif isinstance(change, Draft):
                outcome = self._known(change) if one_by_one else None
                outcomes.append(outcome or self._append(change))
                if one_by_one:
                    self._insert()
            elif isinstance(change, SessionChange):
                outcomes.append(self._session(change))
            else:
                outcomes.append(self._decide(change))
        self._insert()
        self._seal()
        return outcomes

    def _append(self, draft: Draft) -> Appended:
        log = draft.log
        head = self.heads.get(log)
        seq = self.heads[log] = (self._before[log] if head is None else head) + 1
        self._rows.append((log, seq, draft.author, draft.id, draft.text, self.ts))
        return Appended(seq, self.ts)

    def _insert(self) -> None:
        rows = self._rows[self._inserted :]
        rest = len(rows) % _TOGETHER
        for start in range(0, len(rows) - rest, _TOGETHER):
            values = list(chain.from_iterable(rows[start : start + _TOGETHER]))
            self._writer.execute(_INSERT_TOGETHER, values)
        self._writer.executemany(_INSERT, rows[len(rows) - rest :])
        self._inserted = len(self._rows)

    def _seal(self) -> None:
        """Put all that was appended into the chain as one commit."""
        if not self._rows:
            return
        self._rows.sort(key=itemgetter(0))  # which leaves those of one log in their order
        spans: list[Span] = []
        for log, seq, *_ in self._rows:
            first = spans.pop()[1] if spans and spans[-1][0] == log else seq
            spans.append((log, first, seq))
        self.hash = seal(self.hash, self.ts, spans, map(_link, self._rows))
        self._writer.execute(ADD_COMMIT, (self.ts, spans_to_text(spans), self.hash))

    def _known(self, draft: Draft) -> Outcome | None:
        """Say what is known of the draft's id, None if nothing is."""
        if draft.id is None:
            return None
        row = self._writer.execute(_KNOWN, (draft.author, draft.id)).fetchone()
        if row is None:
            return None
        log, seq, text, ts = row
        return Appended(seq, ts, True) if (log, text) == (draft.log, draft.text) else IdReused()

    def _decide(self, change: Decision | Audited) -> Outcome:
        if isinstance(change, Audited):
            outcome = self._decide(change.change)
            if not isinstance(outcome, Refused | Uninvited):
                sqlite_rules.record(self._writer, self.ts, change.act)
            return outcome
        if isinstance(change, RuleChange):
            return sqlite_rules.apply(self._writer, self.ts, change)
        return self._account(change)

    def _account(self, change: AddAccount | SetPassword | RemoveAccount) -> Outcome:
        match change:
            case AddAccount():
                return self._add(change)
            case SetPassword(number, password, was):
                found = self._writer.execute(_CHANGE, (password, number, was))
            case _:  # RemoveAccount
                found = self._writer.execute(_REMOVE, (change.account,))
                sqlite_rules.apply(self._writer, self.ts, LiftBan(change.account))
        row = found.fetchone()
        if not isinstance(change, SetPassword) or change.was is None:
            sqlite_rules.end_sessions(self._writer, change.account)
        return account(row) if row else Refused()

    def _add(self, change: AddAccount) -> Outcome:
        name, password, invite = change.name, change.password, change.invite
        key = fold(name)
        taken = "SELECT 1 FROM accounts WHERE key = ? AND removed = 0"
        if self._writer.execute(taken, (key,)).fetchone():
            return Refused()
        if invite is not None and not sqlite_rules.use_invite(self._writer, self.ts, invite):
            return Uninvited()
        epoch = new_epoch()
        (inbox,) = self._writer.execute(_ADD_LOG, (epoch,)).fetchone()
        (number,) = self._writer.execute(_ADD, (name, key, password, inbox)).fetchone()
        self.heads[inbox] = 0
        self.epochs[inbox] = epoch
        return Account(number, name, password, inbox)

    def _session(self, change: SessionChange) -> Outcome:
        execute = self._writer.execute
        match change:
            case AddSession(number, secret, password):
                if not execute(_ADD_SESSION, (secret, self.ts, number, password)).rowcount:
                    return Refused()
                execute(_DROP_SESSIONS, (number, secret, SESSIONS - 1))
            case TouchSession(secret):
                execute("UPDATE sessions SET used = ? WHERE digest = ?", (self.ts, secret))
            case EndSession(secret):
                execute("DELETE FROM sessions WHERE digest = ?", (secret,))
            case _:  # ExpireSessions
                execute("DELETE FROM sessions WHERE used < ?", (change.before,))
        return Noted()


def account(row: tuple[int, str, str, int, int]) -> Account:
    """Return the account that a row of number, name, password, inbox and removed holds."""
    number, name, password, inbox, removed = row
    return Account(number, name, password, inbox, bool(removed))


def _link(row: Row) -> Link:
    _, _, author, id_, text, _ = row
    return author, None if id_ is None else id_.encode(), digest(text.encode())
