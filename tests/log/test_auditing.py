"""Who decided what, as it stands in the file."""

import contextlib
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from chatroom.log import auditing, sqlite_rules
from chatroom.log.auditing import records
from chatroom.log.base import (
    AddAccount,
    Audited,
    Draft,
    SetPassword,
    StoreError,
)
from chatroom.log.rules import Act, AddBan, AddInvite, LiftBan, RevokeInvite
from chatroom.log.sqlite import SqliteStore
from tests.clock import Clock
from tests.log.filling import make_version_1, make_version_2
from tests.log.stores import add

OPERATOR = Act("uid:1000", "ban", "10.0.0.0/8", "for good: spam")
GUEST = Act("bob", "register", "bob", guest=True)


def told(path: Path, since: float = 0.0) -> list[tuple[float, str, str, str, str]]:
    """Return the fields of all records."""
    return [msgspec.structs.astuple(record) for record in records(path, since)]


def test_what_was_decided_is_recorded_with_it(
    sqlite: SqliteStore, path: Path, clock: Clock
) -> None:
    """A server may be running meanwhile."""
    assert told(path) == []
    sqlite.commit([Audited(AddAccount("bob", "hash"), GUEST)])
    clock.now = 1001.0004
    sqlite.commit([Audited(AddBan("10.0.0.0/8", "spam", None), OPERATOR)])
    assert told(path) == [
        (1000.0, "bob", "register", "bob", ""),
        (1001.0, "uid:1000", "ban", "10.0.0.0/8", "for good: spam"),
    ]
    assert [field.name for field in msgspec.structs.fields(auditing.Record)] == [
        "ts",
        "by",
        "act",
        "subject",
        "detail",
    ]


def test_what_was_refused_is_not_recorded(sqlite: SqliteStore, path: Path) -> None:
    add(sqlite, "bob")
    sqlite.commit(
        [
            Audited(AddAccount("Bob", "hash"), GUEST),
            Audited(AddAccount("carol", "hash", b"no such invite"), GUEST),
            Audited(SetPassword(99, "hash"), OPERATOR),
            Audited(LiftBan("10.0.0.0/8"), OPERATOR),
            Audited(RevokeInvite(b"x"), OPERATOR),
        ]
    )
    assert told(path) == []


def test_nothing_is_recorded_of_a_commit_that_fails(sqlite: SqliteStore, path: Path) -> None:
    with pytest.raises(KeyError):
        sqlite.commit([Audited(AddBan("10.0.0.0/8", "", None), OPERATOR), Draft(99, 1, "no log")])
    assert told(path) == []


def test_records_are_told_from_a_moment_on(sqlite: SqliteStore, path: Path, clock: Clock) -> None:
    for _ in range(3):
        sqlite.commit([Audited(AddBan("10.0.0.0/8", "", None), OPERATOR)])
        clock.now += 1
    assert [ts for ts, *_ in told(path, since=1001.0)] == [1001.0, 1002.0]
    assert told(path, since=1003.0) == []


def test_records_come_in_the_order_of_time_however_many_there_are(
    sqlite: SqliteStore, path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auditing, "PIECE", 2)
    for number in range(7):
        act = Act("uid:1", "invite", str(number), guest=number % 3 == 0)
        digest = number.to_bytes(1)
        sqlite.commit([Audited(AddInvite(digest, str(number), 9999.0), act)])
        clock.now += 1
    assert [subject for _, _, _, subject, _ in told(path)] == list("0123456")


def test_the_oldest_records_go_when_there_are_too_many(
    sqlite: SqliteStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of guests do not drive out the others."""
    monkeypatch.setattr(sqlite_rules, "RECORDS", 3)
    sqlite.commit([Audited(AddBan("10.0.0.0/8", "", None), OPERATOR)])
    for number in range(9):
        act = Act("bob", "register", str(number), guest=True)
        sqlite.commit([Audited(AddAccount(f"bob{number}", "hash"), act)])
    assert [subject for _, _, _, subject, _ in told(path)] == ["10.0.0.0/8", "6", "7", "8"]


def test_a_server_that_starts_again_goes_on_with_the_log(path: Path, clock: Clock) -> None:
    for _ in range(2):
        with contextlib.closing(SqliteStore(path, clock)) as store:
            store.commit([Audited(AddBan("10.0.0.0/8", "", None), OPERATOR)])
    assert len(told(path)) == 2


@pytest.mark.parametrize("make", [make_version_1, make_version_2])
def test_an_older_file_has_no_records(path: Path, make: Callable[[Path], None]) -> None:
    make(path)
    assert told(path) == []


def test_data_that_cannot_be_read_are_named(path: Path) -> None:
    with pytest.raises(StoreError, match=rf"^There is no file {path}\.$"):
        told(path)
