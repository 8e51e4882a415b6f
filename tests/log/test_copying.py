"""Backups: a copy of one moment, complete and sound, or none at all."""

import contextlib
import os
import shutil
import sqlite3
import stat
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from chatroom.log import copying
from chatroom.log.auditing import records
from chatroom.log.base import ROOM, Audited, StorageFull, StoreError
from chatroom.log.copying import Faulty, back_up
from chatroom.log.lock import StoreLock
from chatroom.log.rules import Act, AddBan, AddInvite
from chatroom.log.sqlite import SqliteStore
from chatroom.log.verifying import Report, verify
from tests.log.filling import COMMITS, ENTRIES, LOGS, fill, make_version_1, make_version_2
from tests.log.stores import DEADLINE, add, everything, say, texts

WHOLE = Report(entries=ENTRIES, commits=COMMITS, logs=LOGS)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A store that no server runs on."""
    path = tmp_path / "data.db"
    fill(path)
    return path


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """Where a backup can be made."""
    (tmp_path / "backups").mkdir()
    return tmp_path / "backups" / "room.db"


def dump(path: Path) -> list[str]:
    """Return all that is in a database, without touching it."""
    with contextlib.closing(sqlite3.connect(f"file:{path}?immutable=1", uri=True)) as connection:
        return list(connection.iterdump())


def names(folder: Path) -> list[str]:
    """Return what there is in a folder."""
    return sorted(file.name for file in folder.iterdir())


def test_a_backup_holds_everything(data: Path, target: Path) -> None:
    before = data.read_bytes()
    assert back_up(data, target) == WHOLE
    assert dump(target) == dump(data)
    assert data.read_bytes() == before
    assert verify(target) == WHOLE


def test_a_backup_is_one_file_for_its_owner_alone(data: Path, target: Path) -> None:
    """It needs no write-ahead log, so it can be read where nothing can be written."""
    back_up(data, target)
    assert names(target.parent) == [target.name]
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    with contextlib.closing(sqlite3.connect(target)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)


def test_a_backup_can_be_used_as_data(data: Path, target: Path) -> None:
    back_up(data, target)
    with contextlib.closing(SqliteStore(target)) as store:
        assert store.head(ROOM) == len(everything(store)) > 0
        say(store, "goes on")


def test_a_backup_has_what_was_confirmed_while_the_server_runs(path: Path, target: Path) -> None:
    """Also what stands in the write-ahead log alone."""
    with contextlib.closing(SqliteStore(path)) as store:
        add(store, "alice")
        say(store, "one", "two")
        back_up(path, target)
        say(store, "three")
    with contextlib.closing(SqliteStore(target)) as copy:
        assert texts(copy) == ["one", "two"]


def test_a_backup_is_of_one_moment(
    path: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long it takes and however much is said meanwhile."""
    monkeypatch.setattr(copying, "PAGES", 1)
    with contextlib.closing(SqliteStore(path)) as store:
        add(store, "alice")
        say(store, *["x" * 3000] * 200)
        backup = threading.Thread(target=back_up, args=(path, target))
        backup.start()
        said = 200
        while backup.is_alive():
            said += len(say(store, "y" * 3000, "z" * 3000))
        backup.join(DEADLINE)
    with contextlib.closing(SqliteStore(target)) as copy:
        found = texts(copy)
    assert 200 <= len(found) <= said
    assert len(found) % 2 == 0, "half of a commit"


def test_an_older_backup_is_replaced(data: Path, target: Path) -> None:
    fill(target)
    back_up(data, target)
    assert dump(target) == dump(data)


def test_the_data_of_the_first_version_are_brought_up_to_date(path: Path, target: Path) -> None:
    make_version_1(path, ["one", "two"])
    before = path.read_bytes()
    assert back_up(path, target) == Report(entries=2, commits=1, logs=2)
    assert path.read_bytes() == before
    with contextlib.closing(SqliteStore(target)) as store:
        assert texts(store) == ["one", "two"]


def test_the_data_of_the_second_version_are_brought_up_to_date(path: Path, target: Path) -> None:
    make_version_2(path, ["one", "two"])
    before = path.read_bytes()
    assert back_up(path, target) == Report(entries=2, commits=1, logs=2)
    assert path.read_bytes() == before
    with contextlib.closing(SqliteStore(target)) as store:
        assert texts(store) == ["one", "two"]
        assert store.session(b"\x01") is not None
        assert (store.bans(), store.invites()) == ([], [])


def test_bans_invites_and_what_was_decided_are_copied(path: Path, target: Path) -> None:
    act = Act("uid:0", "ban", "10.0.0.0/8")
    with contextlib.closing(SqliteStore(path)) as store:
        store.commit([Audited(AddBan("10.0.0.0/8", "spam", None), act), AddInvite(b"x", "y", 1e10)])
        rules = (store.bans(), store.invites())
        back_up(path, target)
    assert [record.subject for record in records(target)] == ["10.0.0.0/8"]
    with contextlib.closing(SqliteStore(target)) as copy:
        assert (copy.bans(), copy.invites()) == rules


# What is not to be replaced.


def diary(target: Path) -> None:
    """Put something else there."""
    target.write_text("Dear diary, this is no database.\n" * 100)


def others(target: Path) -> None:
    """Put the database of another program there."""
    with contextlib.closing(sqlite3.connect(target)) as connection:
        connection.execute("CREATE TABLE theirs (x)")


def folder(target: Path) -> None:
    """Put a folder there."""
    target.mkdir()


@pytest.mark.parametrize("put", [diary, others, folder, Path.touch])
def test_what_is_no_backup_is_not_replaced(
    data: Path, target: Path, put: Callable[[Path], None]
) -> None:
    put(target)
    before = None if target.is_dir() else target.read_bytes()
    sentence = rf"^{target} is there and is no backup; choose another file\.$"
    with pytest.raises(StoreError, match=sentence):
        back_up(data, target)
    assert before is None or target.read_bytes() == before
    assert names(target.parent) == [target.name]


@pytest.mark.parametrize("how", [os.link, os.symlink])
def test_the_data_are_not_replaced(
    data: Path, target: Path, how: Callable[[Path, Path], None]
) -> None:
    """Whatever they are called."""
    how(data, target)
    for path in (data, target):
        with pytest.raises(StoreError, match=rf"^{path} is the data themselves; choose another"):
            back_up(data, path)


def test_the_data_of_another_server_are_not_replaced(data: Path, target: Path) -> None:
    fill(target)
    lock = StoreLock(target)
    sentence = rf"^{target} is the data of a server; choose another file for the backup\.$"
    with pytest.raises(StoreError, match=sentence):
        back_up(data, target)
    lock.release()
    back_up(data, target)


@pytest.mark.parametrize("alone", [True, False])
@pytest.mark.parametrize("end", ["-wal", "-shm", "-journal"])
def test_nothing_is_put_beside_what_would_be_taken_for_a_part_of_it(
    data: Path, target: Path, end: str, *, alone: bool
) -> None:
    if not alone:
        fill(target)
    side = target.with_name(target.name + end)
    side.touch()
    sentence = (
        rf"^{target} is, or was, the data of a server, for {side.name} is there; choose another "
        r"file for the backup\.$"
    )
    with pytest.raises(StoreError, match=sentence):
        back_up(data, target)
    assert target.exists() is not alone


def test_a_file_that_cannot_be_read_is_not_replaced(
    data: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The super-user can read everything, so the answer of the system is replaced."""

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    fill(target)
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(StoreError, match=rf"^{target} cannot be read: Permission denied\.$"):
        back_up(data, target)


# What goes wrong.


def test_data_with_faults_make_no_backup(data: Path, target: Path) -> None:
    """An older one stays."""
    fill(target)
    before = target.read_bytes()
    with contextlib.closing(sqlite3.connect(data)) as connection, connection:
        connection.execute("UPDATE entries SET text = 'forged' WHERE log = 1 AND seq = 2")
    with pytest.raises(Faulty, match=rf"^{data} is not as it was written, so no copy") as caught:
        back_up(data, target)
    assert len(caught.value.report.faults) == 1
    assert target.read_bytes() == before
    assert names(target.parent) == [target.name]


def test_data_of_the_first_version_with_a_hole_make_no_backup(path: Path, target: Path) -> None:
    make_version_1(path, ["one", "two", "three"])
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DELETE FROM entries WHERE seq = 2")
    with pytest.raises(StoreError, match=rf"^{path} cannot be used: it is damaged \(log 1 has a"):
        back_up(path, target)
    assert names(target.parent) == []


def test_data_that_are_not_there_make_no_backup(path: Path, target: Path) -> None:
    with pytest.raises(StoreError, match=rf"^There is no file {path}\.$"):
        back_up(path, target)
    assert names(target.parent) == []


def test_a_folder_that_is_not_there_is_named(data: Path, tmp_path: Path) -> None:
    target = tmp_path / "nowhere" / "room.db"
    with pytest.raises(StoreError, match=rf"^{target} cannot be written: No such file or dir"):
        back_up(data, target)


def failing(error: Exception) -> Callable[..., None]:
    """Return something that fails."""

    def fail(*_: object) -> None:
        raise error

    return fail


def sqlite_error(code: int, text: str) -> sqlite3.OperationalError:
    """Return an error as SQLite raises it."""
    error = sqlite3.OperationalError(text)
    error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize(
    ("code", "kind", "sentence"),
    [
        (sqlite3.SQLITE_FULL, StorageFull, "The disk of {target} is full; make room on it."),
        (sqlite3.SQLITE_IOERR, StoreError, "Copying {data} to {target} failed: a word."),
        (sqlite3.SQLITE_CORRUPT, StoreError, "{data} cannot be used: it is damaged (a word); "),
    ],
)
def test_what_sqlite_says_becomes_a_sentence(
    data: Path,
    target: Path,
    monkeypatch: pytest.MonkeyPatch,
    code: int,
    kind: type[StoreError],
    sentence: str,
) -> None:
    monkeypatch.setattr(copying, "_copy_pages", failing(sqlite_error(code, "a word")))
    with pytest.raises(kind) as caught:
        back_up(data, target)
    assert str(caught.value).startswith(sentence.format(data=data, target=target))
    assert names(target.parent) == []


def test_a_copy_that_was_spoilt_under_way_is_noticed(
    data: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is checked is the copy, not what it was made of."""
    real = copying._copy_pages

    def spoil(source: Path, copy: Path) -> None:
        real(source, copy)
        with contextlib.closing(sqlite3.connect(copy)) as connection, connection:
            connection.execute("DELETE FROM entries WHERE log = 1 AND seq = 2")

    monkeypatch.setattr(copying, "_copy_pages", spoil)
    with pytest.raises(Faulty):
        back_up(data, target)
    assert names(target.parent) == []


def test_the_data_of_a_server_that_was_killed_can_be_backed_up(path: Path, target: Path) -> None:
    """They are left as they are, with all that stands in their write-ahead log."""
    killed = path.with_name("killed.db")
    with contextlib.closing(SqliteStore(path)) as store:
        add(store, "alice")
        say(store, "one")
        for end in ("", "-wal"):
            shutil.copyfile(f"{path}{end}", f"{killed}{end}")
    wal = path.with_name("killed.db-wal").read_bytes()
    assert back_up(killed, target).entries == 1
    assert path.with_name("killed.db-wal").read_bytes() == wal
