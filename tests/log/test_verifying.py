"""A walk over a whole store: whatever was changed in its entries or commits is found."""

import contextlib
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from chatroom.log import verifying
from chatroom.log.base import StoreError
from chatroom.log.sealing import Damaged
from chatroom.log.sqlite import SqliteStore
from chatroom.log.verifying import FAULTS, Report, verify
from tests.log.filling import COMMITS, ENTRIES, LOGS, fill, make_version_1, make_version_2

Alter = Callable[[sqlite3.Connection], object]

CHANGED = (
    "does not have the hash that it was sealed with: it, the one before it or one of its entries "
    "was changed"
)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store that is as it was written; it is only copied here."""
    path = tmp_path_factory.mktemp("whole") / "chat.db"
    fill(path)
    return path


@contextlib.contextmanager
def copied(whole: Path, alter: Alter | None = None) -> Iterator[Path]:
    """Yield a copy of `whole`, altered."""
    path = whole.with_name("copy.db")
    shutil.copyfile(whole, path)
    try:
        if alter is not None:
            with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
                connection.execute("PRAGMA synchronous = OFF")
                alter(connection)
        yield path
    finally:
        path.unlink()


def faults_of(whole: Path, alter: Alter | str) -> list[str]:
    """Return what is found after an alteration."""

    def execute(connection: sqlite3.Connection) -> None:
        connection.executescript(str(alter))

    with copied(whole, execute if isinstance(alter, str) else alter) as path:
        return verify(path).faults


def test_a_store_as_it_was_written_has_no_faults(whole: Path) -> None:
    assert verify(whole) == Report(entries=ENTRIES, commits=COMMITS, logs=LOGS)


def test_a_new_store_has_no_faults(path: Path) -> None:
    SqliteStore(path).close()
    assert verify(path) == Report(logs=1)


def test_looking_changes_nothing_and_leaves_nothing(whole: Path) -> None:
    with copied(whole) as path:
        before = path.read_bytes()
        verify(path)
        assert path.read_bytes() == before
        assert {file.name for file in path.parent.iterdir()} == {"chat.db", "copy.db"}


# Any single change of the tables.

_ANY = st.one_of(
    st.none(),
    st.integers(-2, 30),
    st.floats(990, 1010),
    st.text(max_size=5),
    st.binary(max_size=33),
    st.sampled_from(["[[1,1,1]]", "[[1,1,2],[2,1,1]]", "[]", "[[1,1,1]] "]),
)

_COLUMNS = {
    "entries": ("log", "seq", "author", "id", "text", "ts"),
    "commits": ("number", "ts", "spans", "hash"),
}

_TABLES = st.sampled_from(["entries", "commits"])


def _rows(connection: sqlite3.Connection, table: str) -> list[tuple[object, ...]]:
    names = ", ".join(_COLUMNS[table])
    statement = f"SELECT {names} FROM {table} ORDER BY 1, 2"  # noqa: S608  # names of ours
    return connection.execute(statement).fetchall()


def _place(connection: sqlite3.Connection, table: str, index: int) -> str:
    """Return the condition that holds for one row."""
    row = _rows(connection, table)[index % len(_rows(connection, table))]
    keys = _COLUMNS[table][: 2 if table == "entries" else 1]
    return " AND ".join(f"{key} = {value}" for key, value in zip(keys, row, strict=False))


def _altered(connection: sqlite3.Connection, table: str, statement: str, *values: object) -> None:
    """Execute a statement that has to change the table."""
    before = _rows(connection, table)
    try:
        connection.execute(statement, values)
    except sqlite3.IntegrityError:
        assume(False)  # the table itself does not allow it
    assume(_rows(connection, table) != before)


@given(table=_TABLES, index=st.integers(0, 99), column=st.integers(0, 5), value=_ANY)
def test_a_value_that_was_changed_is_found(
    whole: Path, table: str, index: int, column: int, value: object
) -> None:
    name = _COLUMNS[table][column % len(_COLUMNS[table])]

    def change(connection: sqlite3.Connection) -> None:
        place = _place(connection, table, index)
        statement = f"UPDATE {table} SET {name} = ? WHERE {place}"  # noqa: S608  # the same
        _altered(connection, table, statement, value)

    assert faults_of(whole, change) != []


@given(table=_TABLES, index=st.integers(0, 99))
def test_a_row_that_was_taken_out_is_found(whole: Path, table: str, index: int) -> None:
    def remove(connection: sqlite3.Connection) -> None:
        place = _place(connection, table, index)
        connection.execute(f"DELETE FROM {table} WHERE {place}")  # noqa: S608  # the same

    assert faults_of(whole, remove) != []


@given(log=st.integers(1, 6), seq=st.integers(-1, 40), author=st.integers(1, 3), text=st.text())
def test_an_entry_that_was_put_in_is_found(
    whole: Path, log: int, seq: int, author: int, text: str
) -> None:
    def put_in(connection: sqlite3.Connection) -> None:
        row = (log, seq, author, text.encode(errors="replace").decode())
        statement = "INSERT INTO entries VALUES (?, ?, ?, NULL, ?, 1005.0)"
        _altered(connection, "entries", statement, *row)

    assert faults_of(whole, put_in) != []


@given(number=st.integers(-1, 40), ts=st.floats(990, 1010), spans=_ANY, hash_=st.binary())
def test_a_commit_that_was_put_in_is_found(
    whole: Path, number: int, ts: float, spans: object, hash_: bytes
) -> None:
    def put_in(connection: sqlite3.Connection) -> None:
        statement = "INSERT INTO commits VALUES (?, ?, ?, ?)"
        _altered(connection, "commits", statement, number, ts, spans, hash_)

    assert faults_of(whole, put_in) != []


@given(table=_TABLES, one=st.integers(0, 99), other=st.integers(0, 99))
def test_rows_that_were_swapped_are_found(whole: Path, table: str, one: int, other: int) -> None:
    """Each has the place of the other."""
    keys = _COLUMNS[table][: 2 if table == "entries" else 1]
    rest = _COLUMNS[table][len(keys) :]

    def swap(connection: sqlite3.Connection) -> None:
        rows = _rows(connection, table)
        first, second = rows[one % len(rows)], rows[other % len(rows)]
        assume(first[len(keys) :] != second[len(keys) :])
        connection.execute("DROP INDEX entries_by_id")  # ids are twice there for a moment
        for row, place in ((first, second), (second, first)):
            assignments = ", ".join(f"{name} = ?" for name in rest)
            condition = " AND ".join(f"{key} = ?" for key in keys)
            statement = f"UPDATE {table} SET {assignments} WHERE {condition}"  # noqa: S608
            connection.execute(statement, (*row[len(keys) :], *place[: len(keys)]))
        connection.execute(
            "CREATE UNIQUE INDEX entries_by_id ON entries (author, id) WHERE id IS NOT NULL"
        )

    assert faults_of(whole, swap) != []


# Damage of the file.


def _tables(path: Path) -> list[list[tuple[object, ...]]]:
    """Return all that the tables of the log hold."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.text_factory = bytes
        return [_rows(connection, table) for table in _COLUMNS]


@settings(max_examples=300)
@given(place=st.integers(0, 1 << 20), bits=st.integers(1, 255))
def test_a_byte_that_was_changed_is_found_or_changes_nothing(
    whole: Path, place: int, bits: int
) -> None:
    """Some bytes keep nothing, and those that keep no entry and no commit have no hash."""

    def flip(content: bytearray) -> None:
        content[place % len(content)] ^= bits

    assert found_or_harmless(whole, flip)


@given(length=st.integers(0, 1 << 20))
def test_a_file_that_was_cut_is_found_or_lost_nothing(whole: Path, length: int) -> None:
    """The end of its last page may be free."""

    def cut(content: bytearray) -> None:
        del content[length % len(content) :]

    assert found_or_harmless(whole, cut)


def found_or_harmless(whole: Path, spoil: Callable[[bytearray], None]) -> bool:
    """Say whether something was found that was done to the bytes of a file, or did no harm."""
    with copied(whole) as path:
        content = bytearray(path.read_bytes())
        spoil(content)
        path.write_bytes(content)
        try:
            return verify(path).faults != [] or _tables(path) == _tables(whole)
        except StoreError:
            return True


# What is said.


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        (
            "UPDATE entries SET text = 'other' WHERE log = 1 AND seq = 3",
            f"commit 2 {CHANGED}",
        ),
        (
            "UPDATE entries SET ts = 1.0 WHERE log = 1 AND seq = 3",
            "entry 3 of log 1 is missing or has another time",
        ),
        (
            "DELETE FROM entries WHERE log = 1 AND seq = 3",
            "entry 3 of log 1 is missing or has another time",
        ),
        ("DELETE FROM commits WHERE number = 2", "commit 2 is missing"),
        ("DELETE FROM commits WHERE number IN (2, 3)", "commits 2 to 3 are missing"),
        (
            "DELETE FROM commits WHERE number = 8",
            "entry 5 of log 3 is in no commit",
        ),
        (
            "INSERT INTO entries VALUES (1, 11, 1, NULL, 'x', 1.0), (1, 12, 1, NULL, 'x', 1.0)",
            "entries 11 to 12 of log 1 are in no commit",
        ),
        ("INSERT INTO entries VALUES (1, 0, 1, NULL, 'x', 1.0)", "log 1 has an entry 0"),
        ("UPDATE commits SET spans = '' WHERE number = 4", "commit 4 cannot be read"),
        (
            "UPDATE commits SET spans = '[[2,1,1],[1,1,1]]' WHERE number = 1",
            "commit 1 does not name its logs in order",
        ),
        ("UPDATE commits SET spans = '[]'", "commit 1 does not name its logs in order"),
        (
            "UPDATE commits SET spans = '[[1,3,3]]' WHERE number = 1",
            "commit 1 covers the entries 3 to 3 of log 1, where those from 1 are due",
        ),
        (
            "UPDATE commits SET ts = 1.0 WHERE number = 3",
            "commit 3 is earlier than the one before it",
        ),
        (
            "DELETE FROM accounts WHERE number = 2",
            "something in the table entries names one of the accounts that is not there",
        ),
    ],
)
def test_each_kind_of_fault_is_told_in_a_sentence(whole: Path, statement: str, fault: str) -> None:
    assert fault in faults_of(whole, statement)


def test_a_change_is_told_where_it_is(whole: Path) -> None:
    """What stands behind it is sound."""
    found = faults_of(whole, "UPDATE entries SET text = 'other' WHERE log = 1 AND seq = 3")
    assert len(found) == 1


def test_an_index_that_lost_an_entry_is_found(whole: Path) -> None:
    """An id that it does not know would be stored twice."""

    def spoil(connection: sqlite3.Connection) -> None:
        (page,) = connection.execute(
            "SELECT rootpage FROM sqlite_schema WHERE name = 'entries_by_id'"
        ).fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
        connection.close()
        with whole.with_name("copy.db").open("r+b") as file:
            file.seek((page - 1) * size + 3)  # how many cells the page has
            (cells,) = file.read(2)[1:]
            file.seek((page - 1) * size + 4)
            file.write(bytes([cells - 1]))

    assert any("the file is damaged: " in fault for fault in faults_of(whole, spoil))


def test_not_every_fault_is_told_when_there_are_many(whole: Path) -> None:
    rows = [(number,) for number in range(101, 101 + 2 * FAULTS)]
    statement = "INSERT INTO commits VALUES (?, 2000.0, 'x', x'')"
    with copied(whole, lambda connection: connection.executemany(statement, rows)) as path:
        report = verify(path)
    assert len(report.faults) == FAULTS
    assert report.untold == FAULTS + 1


def test_what_was_cut_off_at_the_end_of_all_is_not_noticed(whole: Path) -> None:
    """The newest commits with all their entries: a store cannot know that there was more."""
    found = faults_of(
        whole,
        "DELETE FROM commits WHERE number = 8;"
        "DELETE FROM entries WHERE ts = (SELECT max(ts) FROM entries)",
    )
    assert found == []


# What cannot be looked at.


@pytest.mark.parametrize("content", [b"", b"Dear diary, " * 1000])
def test_what_is_no_store_is_refused(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(StoreError, match=rf"^{path} cannot be used: "):
        verify(path)


def test_what_is_not_there_is_refused(path: Path) -> None:
    with pytest.raises(StoreError, match=rf"^There is no file {path}\.$"):
        verify(path)


def test_a_store_without_hashes_is_refused(path: Path) -> None:
    make_version_1(path)
    with pytest.raises(StoreError, match="an older chatroom wrote it, without hashes"):
        verify(path)


def test_a_store_of_the_second_version_can_be_looked_at(path: Path) -> None:
    make_version_2(path, ["one", "two"])
    assert verify(path) == Report(entries=2, commits=1, logs=2)


def test_bans_and_invites_can_be_damaged_too(whole: Path) -> None:
    """A ban of an account that is not there, and an index that does not fit its table."""
    ban = "INSERT INTO bans (account, since, reason) VALUES (99, 1.0, '')"
    assert faults_of(whole, ban) == [
        "something in the table bans names one of the accounts that is not there"
    ]


def failing(error: Exception) -> Callable[..., None]:
    """Return something that fails."""

    def fail(*_: object) -> None:
        raise error

    return fail


@pytest.mark.parametrize(
    "error", [UnicodeDecodeError("utf-8", b"\xff", 0, 1, "no text"), TypeError("no number")]
)
def test_what_python_cannot_read_is_a_fault(
    whole: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """SQLite's own messages quote what is damaged, and damaged values may be of any type."""
    monkeypatch.setattr(verifying, "_inspect_pages", failing(error))
    assert verify(whole).faults == ["the file is damaged: its tables cannot be read"]


def test_a_disk_that_fails_is_no_fault_of_the_store(
    whole: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = sqlite3.OperationalError("disk I/O error")
    monkeypatch.setattr(verifying, "_inspect_pages", failing(error))
    with pytest.raises(StoreError, match="disk I/O error; see to its disk"):
        verify(whole)


@pytest.mark.parametrize("table", ["lineage", "commits", "entries_by_id", "bans", "audit"])
def test_a_table_that_is_missing_is_damage(whole: Path, table: str) -> None:
    kind = "INDEX" if "_by_" in table else "TABLE"
    with pytest.raises(Damaged, match=rf"it is damaged \({table} is missing or was changed\)"):
        faults_of(whole, f"DROP {kind} {table}")
