"""Files that were damaged: they are refused with one sentence, or everything in them is right."""

import contextlib
import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatroom.log.auditing import records
from chatroom.log.base import ROOM, AddAccount, AddSession, Audited, Draft, Entry, StoreError
from chatroom.log.chain import GENESIS, spans_to_text
from chatroom.log.rules import Act, AddBan, AddInvite
from chatroom.log.sealing import Commit, Damaged, commits, rehash
from chatroom.log.sqlite import SqliteStore
from tests.clock import Clock
from tests.log.filling import harm_types
from tests.log.stores import everything

RESTORE = "restore a backup with 'chatroom restore', as docs/operations.md#recovery says."
"""The end of the sentence."""

LOGS = (ROOM, 2, 3)
"""The room, and the inboxes of two accounts."""

COMMITS = 8
"""How many commits have entries."""


PAGE = 4096
"""The length of a page, in bytes."""

Said = dict[int, list[Entry]]
"""What was said, by log."""


def _fill(store: SqliteStore, clock: Clock, commits: int = COMMITS) -> None:
    """Say something in every log, some of it long, with and without ids."""
    store.commit([AddAccount("alice", "hash-a"), AddAccount("bob", "hash-b")])
    store.commit([AddSession(1, b"digest" * 5)])
    for number in range(commits):
        clock.now += 1
        drafts = [Draft(log, 1 + number % 2, f"said {number} in {log}") for log in LOGS]
        store.commit([*drafts, Draft(ROOM, 2, f"{number} " + "long " * 400, f"id {number}")])


@pytest.fixture(scope="module")
def intact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file that was closed in order."""
    path = tmp_path_factory.mktemp("intact") / "chat.db"
    clock = Clock()
    with contextlib.closing(SqliteStore(path, clock)) as store:
        _fill(store, clock)
    return path


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with its write-ahead log, as they are after a kill: nothing was written back."""
    path = tmp_path_factory.mktemp("killed") / "chat.db"
    clock = Clock()
    with contextlib.closing(SqliteStore(path.with_name("alive.db"), clock)) as store:
        _fill(store, clock)
        for end in ("", "-wal"):
            shutil.copy(f"{path.with_name('alive.db')}{end}", f"{path}{end}")
    assert _wal(path).stat().st_size > 30_000
    return path


def _wal(path: Path) -> Path:
    return path.with_name(path.name + "-wal")


@pytest.fixture(scope="module")
def said(intact: Path, tmp_path_factory: pytest.TempPathFactory) -> Said:
    """What the file holds, by log."""
    path = tmp_path_factory.mktemp("said") / "chat.db"
    shutil.copy(intact, path)
    found = _held(path)
    assert isinstance(found, dict)
    assert sum(map(len, found.values())) == 4 * COMMITS
    return found


def _held(path: Path) -> Said | str:
    """Return what is in the file at `path`, or the sentence that it is refused with."""
    try:
        with contextlib.closing(SqliteStore(path)) as store:
            there = [ROOM, *(account.inbox for account in store.accounts())]
            found = {log: everything(store, log) for log in there}
            assert all(store.head(log) == len(entries) for log, entries in found.items())
    except StoreError as error:
        sentence = str(error)
        assert sentence.startswith(f"{path} cannot be used: ")
        assert sentence.endswith(".")
        assert "\n" not in sentence
        assert sentence.endswith(RESTORE) or "newer chatroom" in sentence or "another" in sentence
        return sentence
    return {log: found.get(log, []) for log in LOGS}


def _copy(source: Path, folder: Path) -> Path:
    """Return a copy of a file, and of its write-ahead log if there is one."""
    path = folder / "chat.db"
    for file in folder.iterdir():
        file.unlink()
    shutil.copy(source, path)
    if _wal(source).exists():
        shutil.copy(_wal(source), _wal(path))
    return path


@pytest.fixture
def path(intact: Path, tmp_path: Path) -> Path:
    """A file to damage."""
    return _copy(intact, tmp_path)


def _refused(path: Path) -> str:
    """See that the file is refused and left as it is; return what is said to be damaged."""
    before = path.read_bytes()
    sentence = _held(path)
    assert isinstance(sentence, str), "it was opened"
    assert path.read_bytes() == before
    assert sentence.endswith(RESTORE)
    return sentence


# Files that make sense to SQLite.


@pytest.mark.parametrize(
    ("harm", "what"),
    [
        ("UPDATE entries SET text = 'x' WHERE log = 1 AND seq = 12", "commit 6 is not what was"),
        ("UPDATE entries SET author = 9 WHERE log = 2 AND seq = 1", "commit 1 is not what was"),
        ("UPDATE entries SET text = CAST(x'ff' AS TEXT) WHERE seq = 3", "commit 2 is not what"),
        ("UPDATE entries SET ts = 5 WHERE log = 3 AND seq = 8", "entry 8 of log 3 is missing or"),
        ("DELETE FROM entries WHERE log = 1 AND seq = 7", "entry 7 of log 1 is missing"),
        ("DELETE FROM entries WHERE log = 1 AND seq = 16", "entry 16 of log 1 is missing"),
        ("INSERT INTO entries VALUES (1, 17, 1, NULL, 'x', 2000)", "log 1 does not end at 16"),
        ("DELETE FROM commits WHERE number = 5", "commit 5 is missing"),
        ("DELETE FROM commits WHERE number = 1", "commit 1 is missing"),
        ("DELETE FROM commits WHERE number = 8", "log 1 does not end at 14"),
        ("DELETE FROM commits", "log 1 does not end at 0"),
        ("DELETE FROM entries", "entry 1 of log 1 is missing"),
        ("UPDATE commits SET spans = '[[1,1,0]]' WHERE number = 6", "commit 6 is not what was"),
        ("UPDATE commits SET spans = 'x' WHERE number = 6", "commit 6"),
        ("UPDATE commits SET hash = x'00' WHERE number = 6", "commit 6 is not what was sealed"),
        ("DELETE FROM logs WHERE number = 1", "or the log of the room is"),
        ("DELETE FROM logs WHERE number = 2", "an account or its log is missing"),
        ("DELETE FROM accounts WHERE number = 2", "an account or its log is missing"),
        ("UPDATE accounts SET inbox = 2", "an account or its log is missing"),
        ("UPDATE logs SET epoch = CAST(x'ff' AS TEXT)", "there is text in it that is none"),
        ("UPDATE accounts SET name = CAST(x'ff' AS TEXT)", "there is text in it that is none"),
        ("DROP TABLE commits", "commits is missing or was changed"),
        ("DROP TABLE sessions", "sessions is missing or was changed"),
        ("DROP INDEX entries_by_id", "entries_by_id is missing or was changed"),
        ("ALTER TABLE accounts ADD COLUMN more TEXT", "accounts is missing or was changed"),
        ("ALTER TABLE probes DROP COLUMN ts", "probes is missing or was changed"),
        ("PRAGMA application_id = 7", "its mark was changed"),
        ("PRAGMA application_id = 0", "its mark was changed"),
        ("PRAGMA user_version = 0", "its version is lost"),
        ("PRAGMA user_version = -1", "its version is lost"),
        ("PRAGMA user_version = 1", "its version was changed"),
    ],
)
def test_what_was_taken_away_or_changed_is_named(path: Path, harm: str, what: str) -> None:
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute(harm)
    assert what in _refused(path)


def test_a_place_in_no_commit_is_a_hole(path: Path) -> None:
    """Though the chain is whole, as if what wrote the file had counted wrongly."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("UPDATE entries SET seq = -1 - seq WHERE log = 3 AND seq > 5")
        other.execute("UPDATE entries SET seq = -seq WHERE seq < 0")
        before = GENESIS
        for commit in list(commits(other)):
            spans = [
                (log, seq, seq) if log == 3 else (log, first, last)
                for log, first, last in commit.spans
                for seq in [first + (first > 5)]
            ]
            new = Commit(commit.number, commit.ts, spans, b"")
            before = rehash(other, new, before)
            row = (spans_to_text(spans), before, commit.number)
            other.execute("UPDATE commits SET spans = ?, hash = ? WHERE number = ?", row)
    assert "log 3 has a hole before 7" in _refused(path)


def test_what_somebody_added_to_the_tables_is_none_of_our_business(path: Path, said: Said) -> None:
    with contextlib.closing(sqlite3.connect(path)) as other:
        other.executescript("CREATE INDEX theirs ON entries (ts); ANALYZE")
    assert _held(path) == said


@pytest.mark.parametrize(
    ("table", "harm", "what"),
    [
        ("logs", "UPDATE logs SET epoch = x'00'", "the table of logs makes no sense"),
        ("accounts", "UPDATE accounts SET name = x'00'", "the table of accounts makes no sense"),
        ("entries", "UPDATE entries SET author = 'x'", "entry 1 of log 1 is missing or has"),
        ("entries", "UPDATE entries SET ts = 'x' WHERE seq = 2", "entry 2 of log 1 is missing or"),
        ("commits", "UPDATE commits SET hash = 5", "commit 8 cannot be read"),
        ("commits", "UPDATE commits SET spans = 5", "commit 8 cannot be read"),
    ],
)
def test_what_has_another_type_than_its_column_is_named(
    path: Path, table: str, harm: str, what: str
) -> None:
    """SQLite lets nobody write that; a damaged page may say it."""
    harm_types(path, table, harm)
    assert what in _refused(path)


@pytest.mark.parametrize(
    ("table", "harm"),
    [
        ("bans", "UPDATE bans SET since = 'x'"),
        ("invites", "UPDATE invites SET digest = 'x'"),
        ("audit", "UPDATE audit SET actor = x'00'"),
    ],
)
def test_rules_that_make_no_sense_are_damage_to_whoever_reads_them(
    path: Path, table: str, harm: str
) -> None:
    with contextlib.closing(SqliteStore(path)) as store:
        act = Act("uid:0", "ban", "10.0.0.0/8")
        store.commit([Audited(AddBan("10.0.0.0/8", "", None), act), AddInvite(b"x", "y", 1e10)])
    harm_types(path, table, harm)
    with contextlib.closing(SqliteStore(path)) as store:
        read: dict[str, Callable[[], object]] = {
            "bans": store.bans,
            "invites": store.invites,
            "audit": lambda: list(records(path)),
        }
        with pytest.raises(Damaged, match=f"the table of {table} makes no sense") as caught:
            read[table]()
    assert str(caught.value).endswith(RESTORE)


# Files that make none.


def test_a_file_that_is_no_database_any_more(path: Path) -> None:
    path.write_bytes(b"\0" * 100 + path.read_bytes()[100:])
    assert "it is no database; choose another path, or restore" in _refused(path)


@pytest.mark.parametrize("length", [1, 99, 511, 4095, 4096, 8192, 20_000])
def test_a_file_that_was_cut_off(path: Path, length: int) -> None:
    path.write_bytes(path.read_bytes()[:length])
    _refused(path)


def _any_damage(length: int) -> st.SearchStrategy[tuple[int, bytes]]:
    """Return places in a file and what stands there instead."""
    instead = st.one_of(
        st.binary(min_size=1, max_size=4),
        st.sampled_from([b"\0", b"\xff"]).flatmap(
            lambda byte: st.sampled_from([1, 8, 100, 512, 4096]).map(lambda count: byte * count)
        ),
    )
    return st.tuples(st.integers(0, length - 1), instead)


def _damage(path: Path, place: int, instead: bytes) -> None:
    """Put `instead` at a place in a file without making it longer."""
    content = path.read_bytes()
    length = len(content[place : place + len(instead)])
    path.write_bytes(content[:place] + instead[:length] + content[place + length :])


def _flip(path: Path, place: int) -> None:
    """Turn over all bits of a byte in a file."""
    _damage(path, place, bytes([path.read_bytes()[place] ^ 0xFF]))


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which files are damaged."""
    return tmp_path_factory.mktemp("workshop")


@given(data=st.data())
def test_a_damaged_file_is_refused_or_all_that_was_said_is_right(
    data: st.DataObject, intact: Path, workshop: Path, said: Said
) -> None:
    path = _copy(intact, workshop)
    _damage(path, *data.draw(_any_damage(path.stat().st_size)))
    held = _held(path)
    assert held == said or isinstance(held, str)


@pytest.fixture(scope="module")
def earlier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file when half of all was said."""
    path = tmp_path_factory.mktemp("earlier") / "chat.db"
    clock = Clock()
    with contextlib.closing(SqliteStore(path, clock)) as store:
        _fill(store, clock, COMMITS // 2)
    return path


numbers = st.integers(0, 1000)


@given(place=numbers, source=numbers, is_old=st.booleans())
def test_a_page_that_was_written_to_the_wrong_place_or_not_at_all(
    intact: Path,
    earlier: Path,
    workshop: Path,
    said: Said,
    place: int,
    source: int,
    *,
    is_old: bool,
) -> None:
    """A page has a place, or a time, that is not its own, though each byte of it makes sense."""
    path = _copy(intact, workshop)
    content = path.read_bytes()
    place = place % (len(content) // PAGE) * PAGE
    source = place if is_old else source % (len(content) // PAGE) * PAGE
    page = (earlier.read_bytes() if is_old else content)[source : source + PAGE].ljust(PAGE, b"\0")
    path.write_bytes(content[:place] + page + content[place + PAGE :])
    held = _held(path)
    assert held == said or isinstance(held, str)


# The write-ahead log.


def test_what_a_kill_leaves_behind_is_all_there(killed: Path, tmp_path: Path, said: Said) -> None:
    path = _copy(killed, tmp_path)
    assert _held(path) == said
    assert not _wal(path).exists()


FRAME = 24 + PAGE
"""The length of a frame of the write-ahead log, behind a header of 32 bytes."""


@pytest.mark.parametrize(
    "place", [0, 4, 8, 16, 24, FRAME - 1], ids=["page", "end", "salt", "sum", "first", "last"]
)
def test_a_damaged_write_ahead_log_takes_away_the_newest_commit_at_most(
    killed: Path, tmp_path: Path, said: Said, place: int
) -> None:
    """That one alone may have been cut off, for all that can be known; no other goes in silence."""
    without_newest = {log: [each for each in said[log] if each.ts < 1000 + COMMITS] for log in LOGS}
    frames = (_wal(killed).stat().st_size - 32) // FRAME
    verdicts = []
    for frame in range(frames):
        path = _copy(killed, tmp_path)
        _flip(_wal(path), 32 + frame * FRAME + place)
        held = _held(path)
        verdicts.append(isinstance(held, str))
        if isinstance(held, str):
            assert (
                "its write-ahead log is damaged, and messages that were confirmed are lost" in held
            )
            assert held.endswith(RESTORE)
        else:
            assert held in (said, without_newest), frame
    assert verdicts.count(True) > frames // 2


@pytest.mark.parametrize("place", range(32))
def test_a_write_ahead_log_with_a_damaged_header_is_not_taken_for_empty(
    killed: Path, tmp_path: Path, place: int
) -> None:
    path = _copy(killed, tmp_path)
    _flip(_wal(path), place)
    sentence = _held(path)
    assert isinstance(sentence, str)
    assert "its write-ahead log is damaged" in sentence


@given(data=st.data())
def test_whatever_happens_to_the_write_ahead_log_what_can_be_read_is_right(
    data: st.DataObject, killed: Path, workshop: Path, said: Said
) -> None:
    """If it is opened, each log is a beginning of what was said."""
    path = _copy(killed, workshop)
    if data.draw(st.booleans()):
        _damage(_wal(path), *data.draw(_any_damage(_wal(path).stat().st_size)))
    else:
        os.truncate(_wal(path), data.draw(st.integers(1, _wal(path).stat().st_size)))
    held = _held(path)
    if isinstance(held, dict):
        assert all(said[log][: len(entries)] == entries for log, entries in held.items())


@pytest.mark.parametrize("is_there", [True, False])
def test_a_write_ahead_log_without_its_file_is_not_thrown_away(
    killed: Path, tmp_path: Path, said: Said, *, is_there: bool
) -> None:
    """SQLite would do so: it takes the file for a new one."""
    path = _copy(killed, tmp_path)
    path.rename(tmp_path / "aside")
    if is_there:
        path.touch()
    sentence = _held(path)
    assert isinstance(sentence, str)
    assert "it is missing or empty, but chat.db-wal is not" in sentence
    (tmp_path / "aside").rename(path)
    assert _held(path) == said


def test_the_log_of_another_program_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "chat.db"
    with contextlib.closing(sqlite3.connect(tmp_path / "other.db")) as other:
        other.execute("PRAGMA journal_mode = WAL")
        other.execute("CREATE TABLE theirs (x)")
        for end in ("", "-wal"):
            shutil.copy(f"{tmp_path / 'other.db'}{end}", f"{path}{end}")
    sentence = _held(path)
    assert isinstance(sentence, str)
    assert "it is the database of another program" in sentence
    with contextlib.closing(sqlite3.connect(path)) as other:
        assert list(other.iterdump()) == [
            "BEGIN TRANSACTION;",
            "CREATE TABLE theirs (x);",
            "COMMIT;",
        ]
