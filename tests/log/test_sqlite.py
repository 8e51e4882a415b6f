"""The engine in a file: what only a disk can do, beside the contract in `test_base.py`."""

import contextlib
import errno
import resource
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatroom.log import space
from chatroom.log.base import (
    ROOM,
    AddAccount,
    Appended,
    Change,
    Draft,
    Entry,
    Refused,
    RemoveAccount,
    SetPassword,
    StorageFull,
    StoreError,
)
from chatroom.log.inspection import NEWEST
from chatroom.log.schema import APPLICATION_ID, MIGRATIONS
from chatroom.log.sqlite import SqliteStore
from tests.clock import Clock
from tests.log.stores import DEADLINE, add, everything, say, texts

# Durability.


def test_every_commit_is_synced_to_a_write_ahead_log(sqlite: SqliteStore) -> None:
    assert sqlite._writer.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert sqlite._writer.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL


def test_a_store_without_a_write_ahead_log_is_refused() -> None:
    """SQLite has none in memory, as on some network file systems."""
    with pytest.raises(StoreError, match=r"has no write-ahead log; choose a local disk\.$"):
        SqliteStore(Path(":memory:"))


def test_a_store_opened_again_goes_on_where_it_was(path: Path, clock: Clock) -> None:
    """Entries, accounts, epochs, ids and time outlive the process; `seq` goes on."""
    store = SqliteStore(path, clock)
    alice, bob = add(store, "alice"), add(store, "Bob")
    store.commit([Draft(ROOM, 1, "one", "a"), Draft(bob.inbox, 1, "psst"), RemoveAccount(1)])
    before = [everything(store), everything(store, bob.inbox), store.accounts()]
    epochs = [store.epoch(log) for log in (ROOM, alice.inbox, bob.inbox)]
    store.close()

    clock.now = 10.0
    with contextlib.closing(SqliteStore(path, clock)) as store:
        assert [everything(store), everything(store, bob.inbox), store.accounts()] == before
        assert [store.epoch(log) for log in (ROOM, alice.inbox, bob.inbox)] == epochs
        assert (store.head(ROOM), store.head(bob.inbox), store.head(alice.inbox)) == (1, 1, 0)
        assert store.commit([Draft(ROOM, 1, "one", "a"), Draft(ROOM, 2, "two")]) == [
            Appended(1, 1000.0, duplicate=True),
            Appended(2, 1000.0),
        ]
        assert add(store, "carol").number not in (alice.number, bob.number)


def test_a_closed_store_is_one_file(path: Path) -> None:
    store = SqliteStore(path)
    say(store, "hello")
    everything(store)
    store.close()
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_two_stores_have_different_epochs(tmp_path: Path) -> None:
    epochs = set()
    for name in ("one.db", "two.db"):
        with contextlib.closing(SqliteStore(tmp_path / name)) as store:
            epochs.add(store.epoch(ROOM))
    assert len(epochs) == 2


def test_readers_can_write_nothing(sqlite: SqliteStore) -> None:
    say(sqlite, "hello")
    with pytest.raises(StoreError, match="readonly"), sqlite._readers.lend() as reader:
        reader.execute("DELETE FROM entries")
    assert texts(sqlite) == ["hello"]


def test_a_commit_between_two_looks_is_not_taken_for_forgotten(path: Path) -> None:
    """Entry 1, committed just while `oldest` looks at an empty log, is not behind the oldest."""

    class Racing(SqliteStore):
        def read(self, log: int, after: int, limit: int) -> list[Entry]:
            entries = super().read(log, after, limit)
            say(self, "meanwhile")
            return entries

    with contextlib.closing(Racing(path)) as store:
        assert store.oldest(ROOM) == 1


# Files that cannot be used.


def _refusal(path: Path) -> str:
    """Return the sentence that opening `path` is refused with."""
    with pytest.raises(StoreError) as caught:
        SqliteStore(path)
    sentence = str(caught.value)
    assert sentence.startswith(f"{path} cannot be used: ")
    assert sentence.endswith(".")
    assert "\n" not in sentence
    return sentence


def test_the_database_of_another_program_is_refused_and_left_alone(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE theirs (x)")
    before = path.read_bytes()
    assert "it is the database of another program; choose another path" in _refusal(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("pragma", ["application_id = 7", "user_version = 1"])
def test_a_database_that_another_program_marked_is_refused(path: Path, pragma: str) -> None:
    with contextlib.closing(sqlite3.connect(path)) as other:
        other.execute(f"PRAGMA {pragma}")
    assert "another program" in _refusal(path)


def test_a_database_of_a_newer_version_is_refused_and_left_alone(path: Path) -> None:
    SqliteStore(path).close()
    with contextlib.closing(sqlite3.connect(path)) as newer:
        newer.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    before = path.read_bytes()
    assert "newer chatroom; install that version or a later one" in _refusal(path)
    assert path.read_bytes() == before


def test_a_file_of_something_else_is_refused_and_left_alone(path: Path) -> None:
    path.write_bytes(b"Dear diary, " * 1000)
    assert "it is no database; choose another path" in _refusal(path)
    assert path.read_bytes() == b"Dear diary, " * 1000


def test_a_folder_is_refused(path: Path) -> None:
    path.mkdir()
    _refusal(path)


def test_a_place_that_cannot_be_read_is_refused(path: Path) -> None:
    """A link that leads to itself cannot be read by anybody, root included."""
    path.symlink_to(path)
    _refusal(path)


def test_a_place_in_no_folder_is_refused(path: Path) -> None:
    _refusal(path / "chat.db")


def test_a_broken_page_of_long_ago_is_noticed_when_it_is_read_and_not_before(path: Path) -> None:
    """Opening looks at the newest entries only, so it takes no longer for a long log."""
    store = SqliteStore(path)
    say(store, *[f"entry {number} " + "x" * 1000 for number in range(50)])
    say(store, *["x"] * NEWEST)
    store.close()
    content = bytearray(path.read_bytes())
    page = content.index(b"entry 0 ") // 4096 * 4096
    content[page : page + 4096] = b"\xff" * 4096
    path.write_bytes(content)
    with (
        contextlib.closing(SqliteStore(path)) as store,
        pytest.raises(
            StoreError, match=rf"^{path} cannot be used: .*malformed.*'chatroom restore'"
        ),
    ):
        everything(store)


def test_an_empty_file_becomes_a_store(path: Path) -> None:
    path.touch()
    with contextlib.closing(SqliteStore(path)) as store:
        assert store.head(ROOM) == 0
    with contextlib.closing(sqlite3.connect(path)) as made:
        assert made.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)


# Disks that cannot take more.


def test_a_full_disk_is_said_to_be_full_and_nothing_is_written_by_halves(
    sqlite: SqliteStore, path: Path
) -> None:
    """And when there is room again, the same commit succeeds."""
    alice = add(sqlite, "alice", "old")
    say(sqlite, "before")
    accounts = sqlite.accounts()
    (pages,) = sqlite._writer.execute("PRAGMA page_count").fetchone()
    sqlite._writer.execute(f"PRAGMA max_page_count = {pages + 2}")
    batch: list[Change] = [
        SetPassword(alice.number, "new"),
        AddAccount("bob", "hash"),
        *[Draft(ROOM, 1, "x" * 2000, f"id{number}") for number in range(50)],
    ]
    for _ in range(2):
        with pytest.raises(StorageFull, match=rf"^The disk of {path} is full; make room on it\.$"):
            sqlite.commit(batch)
        assert (texts(sqlite), sqlite.head(ROOM)) == (["before"], 1)
        assert sqlite.accounts() == accounts
    sqlite._writer.execute("PRAGMA max_page_count = 1000000")
    outcomes = sqlite.commit(batch)
    assert [outcome.seq for outcome in outcomes if isinstance(outcome, Appended)] == [*range(2, 52)]
    assert not any(outcome.duplicate for outcome in outcomes if isinstance(outcome, Appended))
    assert sqlite.head(ROOM) == len(everything(sqlite)) == 51


def test_the_probe_finds_room_when_there_is_some_and_not_before(sqlite: SqliteStore) -> None:
    """It changes nothing that can be read, and does not grow the file."""
    say(sqlite, "before")
    (pages,) = sqlite._writer.execute("PRAGMA page_count").fetchone()
    sqlite._writer.execute(f"PRAGMA max_page_count = {pages + 2}")
    for _ in range(2):
        with pytest.raises(StorageFull):
            sqlite.probe()
    sqlite._writer.execute("PRAGMA max_page_count = 1000000")
    sqlite.probe()
    sqlite.probe()
    assert sqlite._writer.execute("PRAGMA page_count").fetchone() == (pages,)
    assert say(sqlite, "after")[0].seq == 2


class Disk:
    """A disk that says of itself that so much is free."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.free = 0
        monkeypatch.setattr(space, "free", lambda _: self.free)


@pytest.mark.parametrize(
    ("changes", "bytes_"),
    [
        ([Draft(ROOM, 1, "x")], 8193),
        ([Draft(ROOM, 1, "x" * 1000), Draft(ROOM, 1, "x", "id")], 2 * 8192 + 1001),
        ([Draft(ROOM, 1, "\u00e9" * 1000)], 8192 + 4000),
        ([AddAccount("bob", "hash")], 8192),
    ],
)
def test_a_reserve_of_the_disk_is_never_written_to(
    path: Path, changes: list[Change], bytes_: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each commit must leave it free whatever it takes."""
    disk = Disk(monkeypatch)
    with contextlib.closing(SqliteStore(path, reserve=1_000_000)) as store:
        disk.free = 1_000_000 + bytes_ - 1
        with pytest.raises(StorageFull, match=rf"^The disk of {path} is full; make room on it\.$"):
            store.commit(changes)
        assert (texts(store), store.accounts(), store.head(ROOM)) == ([], [], 0)
        disk.free += 1
        assert not isinstance(store.commit(changes)[0], Refused)


def test_the_probe_finds_room_where_there_is_some_for_many_messages(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When a disk has filled up there is still some for a short one, or nearly so."""
    disk = Disk(monkeypatch)
    with contextlib.closing(SqliteStore(path, reserve=1000)) as store:
        disk.free = 1000 + space.ENOUGH - 1
        with pytest.raises(StorageFull):
            store.probe()
        say(store, "hello")
        disk.free += 1
        store.probe()


def test_a_disk_that_says_nothing_of_itself_is_a_store_error(
    sqlite: SqliteStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: Path) -> int:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(space, "free", fail)
    with (
        contextlib.closing(SqliteStore(path.with_name("other.db"), reserve=1)) as store,
        pytest.raises(StoreError, match=r"^Writing to .* failed: Input/output error\.$"),
    ):
        say(store, "hello")
    say(sqlite, "who has no reserve does not ask")


@contextlib.contextmanager
def _no_file_longer_than(size: int) -> Iterator[None]:
    """Make the system refuse writes behind `size` bytes of any file."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_write_that_the_system_refuses_is_a_store_error(path: Path) -> None:
    """Nothing of the commit is there, now or after opening the store again."""
    store = SqliteStore(path)
    say(store, "before")
    wal = path.with_name(path.name + "-wal")
    with (
        _no_file_longer_than(wal.stat().st_size + 5000),
        pytest.raises(StoreError, match=rf"^Writing to {path} failed: .*I/O error\.$") as caught,
    ):
        say(store, *["x" * 3000] * 20)
    assert not isinstance(caught.value, StorageFull)
    assert (texts(store), store.head(ROOM)) == (["before"], 1)
    store.close()
    with contextlib.closing(SqliteStore(path)) as store:
        assert texts(store) == ["before"]
        assert say(store, "after")[0].seq == 2


def test_a_closed_store_cannot_be_written(path: Path) -> None:
    store = SqliteStore(path)
    store.close()
    with pytest.raises(StoreError, match=r"^Writing to .* failed: .*closed"):
        say(store, "too late")


def test_an_abandoned_store_is_neither_written_nor_closed(path: Path) -> None:
    """What was committed is found by whoever opens the file next."""
    store = SqliteStore(path)
    say(store, "before")
    files = {file: file.read_bytes() for file in path.parent.iterdir()}
    store.abandon()
    for write in (lambda: say(store, "never"), store.probe):
        with pytest.raises(StoreError, match=rf"^{path} was given up after an error\.$"):
            write()
    store.close()
    assert {file: file.read_bytes() for file in path.parent.iterdir()} == files
    with contextlib.closing(SqliteStore(path)) as again:
        assert texts(again) == texts(store) == ["before"]
    store.close()
    store._writer.close()


# Death.


def _killed_after(path: Path, run: int, entries: int) -> dict[int, str]:
    """Let another process commit, kill it without warning; return what it had confirmed."""
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.log.committing", path, str(run)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    with child:
        assert child.stdout is not None
        lines = [child.stdout.readline() for _ in range(entries)]
        child.send_signal(signal.SIGKILL)
        lines += child.stdout.readlines()
        assert child.wait(DEADLINE) == -signal.SIGKILL
    whole = [line.split() for line in lines if line.endswith("\n")]
    return {int(seq): text for seq, text in whole}


def test_what_was_confirmed_outlives_the_death_of_the_process(path: Path) -> None:
    """Each confirmed entry is there once, in its place, with no hole before or behind it."""
    confirmed: dict[int, str] = {}
    for run, entries in enumerate((1, 100, 500)):
        confirmed |= _killed_after(path, run, entries)
        with contextlib.closing(SqliteStore(path)) as store:
            found = {entry.seq: entry.text for entry in everything(store)}
            assert list(found) == [*range(1, store.head(ROOM) + 1)]
            assert len(set(found.values())) == len(found)
            assert found.items() >= confirmed.items()
    assert len(confirmed) >= 601
