"""Going back to a backup."""

import contextlib
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chatroom.log import restoring
from chatroom.log.auditing import records
from chatroom.log.base import ROOM, AddSession, Audited, Draft, StorageFull, StoreError
from chatroom.log.connections import connect
from chatroom.log.copying import Faulty, back_up
from chatroom.log.lock import StoreLock
from chatroom.log.restoring import restore
from chatroom.log.rules import Act, AddBan, AddInvite, LiftBan, RevokeInvite
from chatroom.log.sqlite import SqliteStore
from chatroom.log.verifying import Report, verify
from tests.log.filling import COMMITS, ENTRIES, LOGS, fill, make_version_1, make_version_2
from tests.log.stores import add, say, texts

NOW = 1_000_000_000.0
KEPT = "data.db.before-restore-20010909T014640Z"


def clock() -> float:
    """Return a time that is known."""
    return NOW


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Where the data are, or are to be."""
    (tmp_path / "data").mkdir()
    return tmp_path / "data" / "data.db"


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    """Where a backup is, or is to be."""
    (tmp_path / "backups").mkdir()
    return tmp_path / "backups" / "backup.db"


@contextlib.contextmanager
def opened(path: Path) -> Iterator[SqliteStore]:
    """Yield the store at `path`."""
    with contextlib.closing(SqliteStore(path)) as store:
        yield store


def talk(path: Path, *said: str) -> str:
    """Let alice say something in public; return the name of the incarnation."""
    with opened(path) as store:
        if not store.accounts():
            add(store, "alice")
        say(store, *said)
        return store.epoch(ROOM)


def names(path: Path) -> list[str]:
    """Return what there is beside `path`, but for the lock."""
    return sorted(file.name for file in path.parent.iterdir() if file.suffix != ".lock")


def test_the_data_are_those_of_the_backup(data: Path, backup: Path) -> None:
    """What was said since is gone; what is said then goes on behind the backup."""
    talk(data, "one", "two")
    back_up(data, backup)
    talk(data, "three")
    restored = restore(backup, data, clock)
    assert restored.report == Report(entries=2, commits=1, logs=2)
    with opened(data) as store:
        assert texts(store) == ["one", "two"]
        assert [outcome.seq for outcome in say(store, "other")] == [3]
    assert verify(data).faults == []


def test_what_was_there_is_kept(data: Path, backup: Path) -> None:
    talk(data, "one")
    back_up(data, backup)
    talk(data, "two")
    before = data.read_bytes()
    kept = data.with_name(KEPT)
    assert restore(backup, data, clock).kept == kept
    assert kept.read_bytes() == before
    assert names(data) == ["data.db", KEPT]
    with opened(kept) as store:
        assert texts(store) == ["one", "two"]


def test_the_backup_is_only_read(data: Path, backup: Path) -> None:
    fill(backup)
    before = backup.read_bytes()
    restore(backup, data)
    assert backup.read_bytes() == before
    assert names(backup) == ["backup.db"]


def test_there_need_be_no_data(backup: Path, tmp_path: Path) -> None:
    """As on a new machine: folders are made."""
    data = tmp_path / "some" / "where" / "data.db"
    fill(backup)
    restored = restore(backup, data)
    assert restored.report == Report(entries=ENTRIES, commits=COMMITS, logs=LOGS)
    assert restored.kept is None
    assert names(data) == ["data.db"]
    assert verify(data) == restored.report


def test_every_log_is_a_new_incarnation_that_knows_the_one_of_the_backup(
    data: Path, backup: Path
) -> None:
    fill(backup)
    restore(backup, data)
    with opened(backup) as old, opened(data) as new:
        logs = [ROOM, *(account.inbox for account in old.accounts())]
        for log in logs:
            assert new.epoch(log) != old.epoch(log)
            assert new.shared(log, old.epoch(log)) == new.head(log) == old.head(log) > 0
        assert len({new.epoch(log) for log in logs}) == len(logs)
        assert new.accounts() == old.accounts()


def test_a_place_behind_the_end_of_the_backup_is_not_shared(data: Path, backup: Path) -> None:
    epoch = talk(data, "one", "two")
    back_up(data, backup)
    talk(data, "three", "four")
    restore(backup, data)
    talk(data, "other three")
    with opened(data) as store:
        assert store.shared(ROOM, epoch) == 2
        assert store.head(ROOM) == 3


def test_all_earlier_incarnations_are_known_that_can_be(data: Path, backup: Path) -> None:
    """Restored twice: who saw the first restored log knows where he is, too."""
    first = talk(data, "one", "two")
    back_up(data, backup)
    talk(data, "three")
    restore(backup, data)
    second = talk(data, "other three")
    later = backup.with_name("later.db")
    back_up(data, later)
    restore(backup, data)
    third = talk(data, "again other")
    restore(later, data)
    with opened(data) as store:
        assert texts(store) == ["one", "two", "other three"]
        shared = {epoch: store.shared(ROOM, epoch) for epoch in (first, second, third)}
        assert shared == {first: 2, second: 3, third: 2}


def test_nobody_comes_back_by_a_session_of_the_backup(data: Path, backup: Path) -> None:
    """It may have been ended since."""
    with opened(data) as store:
        account = add(store, "alice")
        store.commit([AddSession(account.number, b"secret")])
    back_up(data, backup)
    restore(backup, data)
    with opened(backup) as old, opened(data) as new:
        assert old.session(b"secret") is not None
        assert new.session(b"secret") is None


def test_ids_of_the_backup_are_known(data: Path, backup: Path) -> None:
    """What is sent again counts once; what came after the backup is new."""
    with opened(data) as store:
        add(store, "alice")
        store.commit([Draft(ROOM, 1, "one", "a")])
    back_up(data, backup)
    with opened(data) as store:
        store.commit([Draft(ROOM, 1, "two", "b")])
    restore(backup, data)
    with opened(data) as store:
        outcomes = store.commit([Draft(ROOM, 1, "one", "a"), Draft(ROOM, 1, "two", "b")])
        assert [getattr(outcome, "duplicate", None) for outcome in outcomes] == [True, False]


def test_a_backup_of_the_first_version_is_brought_up_to_date(data: Path, backup: Path) -> None:
    """It may take the place of newer data, and newer data that of older."""
    make_version_1(backup, ["one", "two"])
    make_version_1(data, ["one", "two", "three"])
    restore(backup, data)
    restore(backup, data)
    with opened(data) as store:
        assert texts(store) == ["one", "two"]
        assert store.shared(ROOM, "old room") == 2
    with contextlib.closing(sqlite3.connect(backup)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)


def test_a_backup_of_the_second_version_is_brought_up_to_date(data: Path, backup: Path) -> None:
    make_version_2(backup, ["one", "two"])
    make_version_2(data, ["one", "two", "three"])
    restore(backup, data)
    restore(backup, data)
    with opened(data) as store:
        assert texts(store) == ["one", "two"]
        assert store.shared(ROOM, "old room") == 2
        assert store.session(b"\x01") is None


def test_bans_invites_and_what_was_decided_are_those_of_the_backup(
    data: Path, backup: Path
) -> None:
    act = Act("uid:0", "ban", "10.0.0.0/8")
    with opened(data) as store:
        store.commit([Audited(AddBan("10.0.0.0/8", "spam", None), act), AddInvite(b"x", "y", 1e10)])
        rules = (store.bans(), store.invites())
    back_up(data, backup)
    with opened(data) as store:
        store.commit([LiftBan("10.0.0.0/8"), RevokeInvite(b"x"), AddBan("11.0.0.0/8", "", None)])
    restore(backup, data)
    assert [record.subject for record in records(data)] == ["10.0.0.0/8"]
    with opened(data) as store:
        assert (store.bans(), store.invites()) == rules


def test_what_is_kept_twice_in_a_second_has_two_names(data: Path, backup: Path) -> None:
    fill(backup)
    kept = [restore(backup, data, clock).kept for _ in range(4)]
    named = [None if path is None else path.name for path in kept]
    assert named == [None, KEPT, f"{KEPT}-2", f"{KEPT}-3"]


def test_the_data_of_a_server_that_was_killed_are_kept_whole(data: Path, backup: Path) -> None:
    """With their write-ahead log, which does not stand beside the new data."""
    fill(backup)
    alive = data.with_name("alive.db")
    with opened(alive) as store:
        add(store, "alice")
        say(store, "one", "two")
        for end in ("", "-wal"):
            shutil.copyfile(f"{alive}{end}", f"{data}{end}")
    alive.unlink()
    restore(backup, data, clock)
    assert names(data) == ["data.db", KEPT, f"{KEPT}-wal"]
    assert verify(data).entries == ENTRIES
    with opened(data.with_name(KEPT)) as store:
        assert texts(store) == ["one", "two"]


def test_data_that_are_damaged_are_replaced_and_kept(data: Path, backup: Path) -> None:
    """That is what one restores for; whatever stands beside them is kept with them."""
    fill(backup)
    for content in (b"", b"no database at all" * 1000):
        for end in ("", "-wal", "-journal", "-shm"):
            data.with_name(data.name + end).write_bytes(content)
        kept = restore(backup, data).kept
        assert kept is not None
        assert verify(data).entries == ENTRIES
        for end in ("", "-wal", "-journal"):
            assert kept.with_name(kept.name + end).read_bytes() == content
            assert end == "" or not data.with_name(data.name + end).exists()


@pytest.mark.parametrize("there", [True, False])
def test_what_is_left_without_its_file_is_not_taken_for_a_part_of_the_new_data(
    data: Path, backup: Path, *, there: bool
) -> None:
    """A write-ahead log whose file is empty or gone may hold the only copy of something."""
    fill(backup)
    other = data.with_name("other.db")
    with opened(other) as store:
        add(store, "alice")
        say(store, "one", "two")
        shutil.copyfile(f"{other}-wal", f"{data}-wal")
    other.unlink()
    if there:
        data.touch()
    before = data.with_name("data.db-wal").read_bytes()
    kept = restore(backup, data, clock).kept
    assert kept == data.with_name(KEPT)
    assert data.with_name(f"{KEPT}-wal").read_bytes() == before
    assert kept.exists() is there
    assert verify(data).entries == ENTRIES


@pytest.mark.parametrize(
    ("place", "byte"), [(b"CREATE TABLE commits", b"\xff"), (b"CREATE TABLE lineage", b"x")]
)
def test_data_with_damaged_tables_are_replaced(
    data: Path, backup: Path, place: bytes, byte: bytes
) -> None:
    fill(data)
    back_up(data, backup)
    content = data.read_bytes()
    data.write_bytes(content.replace(place, place[:12] + byte + place[13:]))
    kept = restore(backup, data).kept
    assert kept is not None
    assert verify(data).entries == ENTRIES


def test_a_lineage_that_makes_no_sense_is_not_taken_over(data: Path, backup: Path) -> None:
    epoch = talk(data, "one")
    back_up(data, backup)
    with contextlib.closing(sqlite3.connect(data)) as connection, connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute(
            "UPDATE sqlite_schema SET sql = replace(sql, 'last  INTEGER', 'last  TEXT   ')"
        )
    with contextlib.closing(sqlite3.connect(data)) as connection, connection:
        connection.execute("INSERT INTO lineage VALUES (1, 'nonsense', 'x')")
    restore(backup, data)
    with opened(data) as store:
        assert store.shared(ROOM, epoch) == 1
        assert store.shared(ROOM, "nonsense") == 0


# What is refused, and changes nothing.


def test_a_backup_with_faults_is_refused(data: Path, backup: Path) -> None:
    fill(data)
    before = data.read_bytes()
    fill(backup)
    with contextlib.closing(sqlite3.connect(backup)) as connection, connection:
        connection.execute("DELETE FROM entries WHERE log = 1 AND seq = 2")
    with pytest.raises(Faulty) as caught:
        restore(backup, data)
    assert caught.value.report.faults == ["entry 2 of log 1 is missing or has another time"]
    assert data.read_bytes() == before
    assert names(data) == ["data.db"]


def test_data_that_are_in_use_are_left_alone(data: Path, backup: Path) -> None:
    fill(backup)
    fill(data)
    lock = StoreLock(data)
    with pytest.raises(StoreError, match="in use by another chatroom"):
        restore(backup, data)
    lock.release()
    assert names(data) == ["data.db"]


def test_data_that_another_program_reads_are_left_alone(
    data: Path, backup: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would go on reading what is no longer the data."""

    def impatient(path: Path) -> sqlite3.Connection:
        return sqlite3.connect(path, timeout=0.01, isolation_level=None)

    monkeypatch.setattr(restoring, "connect", impatient)
    fill(backup)
    talk(data, "one")
    with (
        contextlib.closing(sqlite3.connect(data, isolation_level=None)) as writer,
        contextlib.closing(sqlite3.connect(data, isolation_level=None)) as reader,
    ):
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM entries").fetchall()
        writer.execute("INSERT INTO probes VALUES (1, 1.0)")
        with pytest.raises(StoreError, match=rf"^Another program is reading {data}; try again"):
            restore(backup, data)
        assert names(data) == ["data.db", "data.db-shm", "data.db-wal"]
    assert verify(data).entries == 1


def not_there(backup: Path, _: Path) -> None:
    """Leave no backup."""
    backup.unlink()


def diary(backup: Path, _: Path) -> None:
    """Put something else in the place of the backup."""
    backup.write_text("Dear diary, this is no database.\n" * 100)


def the_same(backup: Path, data: Path) -> None:
    """Name the data themselves."""
    backup.unlink()
    backup.symlink_to(data)


def folder(_: Path, data: Path) -> None:
    """Put a folder in the place of the data."""
    data.unlink()
    data.mkdir()


@pytest.mark.parametrize(
    ("put", "why"),
    [
        (not_there, "^There is no file {backup}\\.$"),
        (diary, "^{backup} cannot be used: it is no database"),
        (the_same, "^{backup} is the data themselves; name a backup\\.$"),
        (folder, "^{data} is no file; choose another --data\\.$"),
    ],
)
def test_what_cannot_be_is_refused(
    data: Path, backup: Path, put: Callable[[Path, Path], None], why: str
) -> None:
    fill(backup)
    fill(data)
    put(backup, data)
    with pytest.raises(StoreError, match=why.format(backup=backup, data=data)):
        restore(backup, data)
    assert names(data) == ["data.db"]


def test_a_folder_that_cannot_be_made_is_named(backup: Path, tmp_path: Path) -> None:
    fill(backup)
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=rf"^{tmp_path}/file/folder cannot be made: Not a dir"):
        restore(backup, tmp_path / "file" / "folder" / "data.db")


def failing(error: Exception) -> Callable[..., None]:
    """Return something that fails."""

    def fail(*_: object, **__: object) -> None:
        raise error

    return fail


def test_when_putting_aside_fails_the_data_stay_where_they_are(
    data: Path, backup: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(backup)
    fill(data)
    before = data.read_bytes()
    monkeypatch.setattr(restoring, "sync", failing(OSError(5, "Input/output error")))
    with pytest.raises(StoreError, match=rf"^{data} cannot be put aside: Input/output error\.$"):
        restore(backup, data)
    assert data.read_bytes() == before
    assert names(data) == ["data.db"]


def test_a_disk_that_is_full_is_said_to_be_full(
    data: Path, backup: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(backup)
    fill(data)
    error = sqlite3.OperationalError("database or disk is full")
    error.sqlite_errorcode = sqlite3.SQLITE_FULL

    def fail_for_the_data(path: Path) -> sqlite3.Connection:
        if path == data:
            raise error
        return connect(path)

    monkeypatch.setattr(restoring, "connect", fail_for_the_data)
    with pytest.raises(StorageFull, match=rf"^The disk of {data} is full; make room on it\.$"):
        restore(backup, data)
    assert names(data) == ["data.db"]


def test_where_a_file_can_have_no_second_name_it_is_copied(
    data: Path, backup: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(backup)
    talk(data, "one")
    before = data.read_bytes()
    monkeypatch.setattr(os, "link", failing(OSError(1, "Operation not permitted")))
    restore(backup, data, clock)
    assert data.with_name(KEPT).read_bytes() == before
    assert names(data) == ["data.db", KEPT]


def test_what_the_super_user_restores_belongs_to_the_owner_of_the_data(
    data: Path, backup: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the data that were there, else of their folder. Others cannot give files away."""
    fill(backup)
    given: list[tuple[int, int]] = []

    def chown(_: Path, user: int, group: int) -> None:
        given.append((user, group))
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "chown", chown)
    restore(backup, data)
    restore(backup, data)
    folder = data.parent.stat()
    assert given == [(folder.st_uid, folder.st_gid), (data.stat().st_uid, data.stat().st_gid)]
