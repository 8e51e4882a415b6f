"""What was said, for other programs."""

import contextlib
from pathlib import Path
from typing import Any

import msgspec
import pytest

from chatroom.log import exporting
from chatroom.log.base import ROOM, Draft, RemoveAccount, StoreError
from chatroom.log.exporting import export
from chatroom.log.sqlite import SqliteStore
from tests.clock import Clock
from tests.log.filling import ENTRIES, fill, make_version_1
from tests.log.stores import add, say


def lines(path: Path, *, direct: bool = False) -> list[dict[str, Any]]:
    """Return what is exported, as whoever reads the JSON sees it."""
    return [msgspec.json.decode(msgspec.json.encode(line)) for line in export(path, direct=direct)]


def test_a_public_message_is_exported_with_all_that_is_known(path: Path, clock: Clock) -> None:
    with contextlib.closing(SqliteStore(path, clock)) as store:
        alice = add(store, "alice")
        store.commit([Draft(ROOM, alice.number, "one"), Draft(ROOM, alice.number, "two", "an id")])
        epoch = store.epoch(ROOM)
    shared = {"log": "room", "epoch": epoch, "ts": 1000.0, "from": "alice"}
    assert lines(path) == [
        shared | {"seq": 1, "prev": 0, "message": "one"},
        shared | {"seq": 2, "prev": 1, "message": "two", "id": "an id"},
    ]
    assert list(lines(path)[1]) == ["log", "seq", "prev", "epoch", "ts", "from", "id", "message"]


def test_a_direct_message_is_exported_when_it_is_asked_for(path: Path, clock: Clock) -> None:
    with contextlib.closing(SqliteStore(path, clock)) as store:
        alice, bob = add(store, "alice"), add(store, "bob")
        store.commit([Draft(bob.inbox, alice.number, "psst"), Draft(ROOM, bob.number, "hello")])
        epoch = store.epoch(bob.inbox)
    assert [line["message"] for line in lines(path)] == ["hello"]
    assert [line["message"] for line in lines(path, direct=True)] == ["hello", "psst"]
    assert lines(path, direct=True)[1] == {
        "log": "inbox:bob",
        "seq": 1,
        "prev": 0,
        "epoch": epoch,
        "ts": 1000.0,
        "from": "alice",
        "to": "bob",
        "message": "psst",
    }


def test_who_was_removed_is_still_named(path: Path) -> None:
    with contextlib.closing(SqliteStore(path)) as store:
        alice = add(store, "alice")
        say(store, "hello")
        store.commit([RemoveAccount(alice.number)])
    assert lines(path)[0]["from"] == "alice"


def test_all_is_exported_log_by_log_and_in_order(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "PIECE", 3)
    fill(path)
    found = lines(path, direct=True)
    assert len(found) == ENTRIES
    ends: dict[str, int] = {}
    for line in found:
        assert line["prev"] == ends.get(line["log"], 0)
        ends[line["log"]] = line["seq"]
    assert list(ends) == ["room", "inbox:alice", "inbox:bob", "inbox:carol"]


def test_what_is_said_meanwhile_is_not_exported(
    sqlite: SqliteStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A talk that never stops does not make it go on for ever."""
    monkeypatch.setattr(exporting, "PIECE", 1)
    add(sqlite, "alice")
    say(sqlite, "one", "two")
    found = []
    for line in export(path, direct=False):
        say(sqlite, "meanwhile")
        found.append(line.message)
    assert found == ["one", "two"]


def test_nothing_is_held_between_two_pieces(
    sqlite: SqliteStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever reads slowly does not keep the server from beginning its log anew."""
    monkeypatch.setattr(exporting, "PIECE", 1)
    add(sqlite, "alice")
    say(sqlite, "one", "two")
    checkpoints = []
    for _ in export(path, direct=False):
        say(sqlite, "meanwhile")
        checkpoints += sqlite._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    assert checkpoints == [(0, 0, 0)] * 2


def test_the_data_of_the_first_version_are_exported(path: Path) -> None:
    make_version_1(path, ["one", "two"])
    assert [line["message"] for line in lines(path)] == ["one", "two"]


def test_data_that_cannot_be_read_are_named(path: Path) -> None:
    with pytest.raises(StoreError, match=rf"^There is no file {path}\.$"):
        lines(path)
