"""What a transaction does to the bans, the invites and the audit log in the file of a store."""

import sqlite3

from chatroom.log.base import Noted, Refused
from chatroom.log.inspection import checked
from chatroom.log.rules import (
    RECORDS,
    Act,
    AddBan,
    AddInvite,
    Ban,
    EndSessionsOf,
    Invite,
    LiftBan,
    RuleChange,
)

_ADD_BAN = "INSERT OR REPLACE INTO bans (account, network, since, until, reason) VALUES (?,?,?,?,?)"
_LIFT_ACCOUNT = "DELETE FROM bans WHERE account = ?"
_LIFT_NETWORK = "DELETE FROM bans WHERE network = ?"
_BANS = "SELECT ifnull(account, network), reason, since, until FROM bans ORDER BY rowid"
_ACCOUNT = "SELECT 1 FROM accounts WHERE number = ? AND removed = 0"

_ADD_INVITE = "INSERT OR IGNORE INTO invites (digest, name, since, until) VALUES (?, ?, ?, ?)"
_USE_INVITE = "DELETE FROM invites WHERE digest = ? AND until > ?"
_REVOKE = "DELETE FROM invites WHERE digest = ?"
_INVITES = "SELECT digest, name, since, until FROM invites ORDER BY rowid"

_RECORD = """
INSERT INTO audit (guest, number, ts, actor, act, subject, detail)
SELECT ?1, ifnull(max(number), 0) + 1, ?2, ?3, ?4, ?5, ?6 FROM audit WHERE guest = ?1
RETURNING number
"""
_FORGET = "DELETE FROM audit WHERE guest = ? AND number <= ?"


def apply(
    writer: sqlite3.Connection, ts: float, change: RuleChange
) -> Ban | Invite | Noted | Refused:
    """Do `change` in the transaction of `writer`, at the time `ts`."""
    match change:
        case AddBan():
            return _ban(writer, ts, change)
        case LiftBan(subject):
            lift = _LIFT_ACCOUNT if isinstance(subject, int) else _LIFT_NETWORK
            return _noted(writer.execute(lift, (subject,)).rowcount)
        case EndSessionsOf(account):
            end_sessions(writer, account)
            return Noted() if writer.execute(_ACCOUNT, (account,)).fetchone() else Refused()
        case AddInvite(digest, name, until):
            writer.execute("DELETE FROM invites WHERE until <= ?", (ts,))
            added = writer.execute(_ADD_INVITE, (digest, name, ts, until)).rowcount
            return Invite(digest, name, ts, until) if added else Refused()
        case _:  # RevokeInvite
            return _noted(writer.execute(_REVOKE, (change.digest,)).rowcount)


def _ban(writer: sqlite3.Connection, ts: float, change: AddBan) -> Ban | Refused:
    subject = change.subject
    account, network = (subject, None) if isinstance(subject, int) else (None, subject)
    if account is not None:
        if not writer.execute(_ACCOUNT, (account,)).fetchone():
            return Refused()
        end_sessions(writer, account)
    writer.execute("DELETE FROM bans WHERE until <= ?", (ts,))
    writer.execute(_ADD_BAN, (account, network, ts, change.until, change.reason))
    return Ban(subject, change.reason, ts, change.until)


def _noted(rows: int) -> Noted | Refused:
    """Return the outcome of a change that was to change a row."""
    return Noted() if rows else Refused()


def end_sessions(writer: sqlite3.Connection, account: int) -> None:
    """End all sessions of an account."""
    writer.execute("DELETE FROM sessions WHERE account = ?", (account,))


def use_invite(writer: sqlite3.Connection, ts: float, digest: bytes) -> bool:
    """Use the invite up; return whether it was good at the time `ts`."""
    return bool(writer.execute(_USE_INVITE, (digest, ts)).rowcount)


def record(writer: sqlite3.Connection, ts: float, act: Act) -> None:
    """Record `act`, and forget the oldest of its kind if there are too many."""
    row = (act.guest, ts, act.actor, act.act, act.subject, act.detail)
    (number,) = writer.execute(_RECORD, row).fetchone()
    writer.execute(_FORGET, (act.guest, number - RECORDS))


def bans(reader: sqlite3.Connection) -> list[Ban]:
    """Return the bans; see `Store.bans`.

    Raises:
        Damaged: they make no sense.
    """
    kind = list[tuple[int | str, str, float, float | None]]
    return [Ban(*row) for row in checked(reader.execute(_BANS).fetchall(), kind, "bans")]


def invites(reader: sqlite3.Connection) -> list[Invite]:
    """Return the invites; see `Store.invites`.

    Raises:
        Damaged: they make no sense.
    """
    rows = checked(
        reader.execute(_INVITES).fetchall(), list[tuple[bytes, str, float, float]], "invites"
    )
    return [Invite(*row) for row in rows]
