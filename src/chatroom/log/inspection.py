"""What is looked at whenever a file is opened: enough to notice most damage, and quickly."""

import sqlite3
from typing import TypeVar

import msgspec

from chatroom.log.base import ROOM
from chatroom.log.sealing import Damaged, newest, rehash

NEWEST = 1000
"""How many of the newest entries are checked by their hashes."""

_LOGS = """
SELECT number, epoch, coalesce((SELECT max(seq) FROM entries WHERE log = number), 0) FROM logs
"""
_INBOXES = "SELECT inbox FROM accounts"

Rows = TypeVar("Rows")


def logs(connection: sqlite3.Connection) -> list[tuple[int, str, int]]:
    """Return the number, epoch and newest place of every log.

    Raises:
        Damaged: the table of logs makes no sense, or one is missing.
    """
    found = checked(connection.execute(_LOGS).fetchall(), list[tuple[int, str, int]], "logs")
    inboxes = checked(connection.execute(_INBOXES).fetchall(), list[tuple[int]], "accounts")
    if sorted(number for number, _, _ in found) != sorted([ROOM, *(log for (log,) in inboxes)]):
        raise Damaged("an account or its log is missing, or the log of the room is")
    return found


def check_newest(connection: sqlite3.Connection, heads: dict[int, int]) -> None:
    """See whether the newest entries say what was sealed, and have no holes.

    Args:
        connection: to the file.
        heads: the newest place of each log.

    Raises:
        Damaged: something was changed, or is missing.
    """
    before, commits = newest(connection, NEWEST)
    ends: dict[int, int] = {}
    for commit in commits:
        if rehash(connection, commit, before) != commit.hash:
            raise Damaged(f"commit {commit.number} is not what was sealed")
        before = commit.hash
        for log, first, last in commit.spans:
            if first != ends.get(log, first - 1) + 1:
                raise Damaged(f"log {log} has a hole before {first}")
            ends[log] = last
    if not commits:
        ends = dict.fromkeys(heads, 0)
    for log, end in ends.items():
        if heads.get(log) != end:
            raise Damaged(f"log {log} does not end at {end}")


def checked(rows: object, kind: type[Rows], table: str) -> Rows:
    """Return `rows` if they are what `kind` says; what SQLite reads from damaged pages may not be.

    Raises:
        Damaged: they are not.
    """
    try:
        return msgspec.convert(rows, kind)
    except msgspec.ValidationError as error:
        raise Damaged(f"the table of {table} makes no sense") from error
