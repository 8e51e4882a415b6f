import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from chatroom.client.errors import StateUnusable
from chatroom.client.kept import Owner, Place, Unsent
from chatroom.client.state import StateFile
from tests.client.peer import DEADLINE

_BOB = Owner("bob", "token")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "bot.state"


def _contents(path: Path, username: str = "bob") -> tuple[object, ...]:
    with closing(StateFile(path, username)) as file:
        return file.owner(), file.places(), file.unsent()


def fill(file: StateFile) -> None:
    """Writes what `_WRITTEN` says."""
    file.enter(_BOB, {"room": Place("e", 41), "inbox": Place("f", 3)})
    file.keep(Unsent("a-1", None, "hello"))
    file.keep(Unsent("a-2", "alice", "psst"))


def _write(path: Path) -> None:
    with closing(StateFile(path, "bob")) as file:
        fill(file)


_WRITTEN = (
    _BOB,
    {"room": Place("e", 41), "inbox": Place("f", 3)},
    [Unsent("a-1", None, "hello"), Unsent("a-2", "alice", "psst")],
)


def test_a_new_file_knows_nothing_and_is_for_its_owner_alone(path: Path) -> None:
    assert _contents(path) == (None, {}, [])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_was_written_is_there_the_next_time(path: Path) -> None:
    _write(path)
    assert _contents(path) == _WRITTEN


def test_positions_move_and_what_is_confirmed_is_forgotten(path: Path) -> None:
    _write(path)
    with closing(StateFile(path, "bob")) as file:
        file.note({"room": Place("new", 7)})
        file.note({"inbox": Place("f", 4)}, ["a-1", "unknown"])
        file.note({}, ["unknown"])
        file.keep(Unsent("a-3", None, "more"))
    assert _contents(path) == (
        _BOB,
        {"room": Place("new", 7), "inbox": Place("f", 4)},
        [Unsent("a-2", "alice", "psst"), Unsent("a-3", None, "more")],
    )


def test_the_session_is_that_of_the_last_login(path: Path) -> None:
    _write(path)
    with closing(StateFile(path, "BOB")) as file:
        file.enter(Owner("bob", None), {})
        assert file.owner() == Owner("bob", None)


def test_a_killed_process_leaves_everything_it_wrote(path: Path) -> None:
    code = (
        "import os, sys; from tests.client import test_state as t; from pathlib import Path;"
        "file = t.StateFile(sys.argv[1], 'bob'); t.fill(file); os.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", code, path], timeout=DEADLINE, check=False)
    assert done.returncode == -9
    assert _contents(path) == _WRITTEN


def test_it_is_used_by_one_at_a_time(path: Path) -> None:
    """Within one process too."""
    with closing(StateFile(path, "bob")):
        with pytest.raises(StateUnusable, match="in use"):
            StateFile(path, "bob")
        with pytest.raises(StateUnusable, match="in use"):  # and after that it still is
            StateFile(path, "bob")
        code = (
            "import sys; from chatroom.client.state import StateFile; StateFile(sys.argv[1], 'b')"
        )
        done = subprocess.run(
            [sys.executable, "-c", code, path],
            timeout=DEADLINE,
            capture_output=True,
            text=True,
            check=False,
        )
        assert "in use" in done.stderr.splitlines()[-1]
    assert _contents(path) == (None, {}, [])


def test_it_is_of_one_user(path: Path) -> None:
    _write(path)
    with pytest.raises(StateUnusable, match="belongs to bob; alice needs a file of their own"):
        StateFile(path, "alice")
    assert _contents(path) == _WRITTEN


def _garbage(path: Path) -> None:
    path.write_bytes(b"This is a shopping list.\n" * 100)


def _short(path: Path) -> None:
    _write(path)
    os.truncate(path, path.stat().st_size - 4096)


def _overwritten(path: Path) -> None:
    _write(path)
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 4096)


def _another_database(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE accounts (number INTEGER)")


def _newer(path: Path) -> None:
    _write(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 2")


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (_garbage, "is damaged .*move it away"),
        (_short, "is damaged .*move it away"),
        (_overwritten, "is damaged .*move it away"),
        (_another_database, "is no state file"),
        (_newer, "is of a newer version"),
    ],
)
def test_what_cannot_be_used_is_refused_and_stays_as_it_is(
    path: Path, spoil: Callable[[Path], None], sentence: str
) -> None:
    spoil(path)
    before = path.read_bytes()
    with pytest.raises(StateUnusable, match=sentence):
        StateFile(path, "bob")
    assert path.read_bytes() == before


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(StateUnusable, match="No such file or directory"):
        StateFile(tmp_path / "nowhere" / "bot.state", "bob")


def test_a_folder_is_no_state_file(tmp_path: Path) -> None:
    with pytest.raises(StateUnusable, match="cannot be used"):
        StateFile(tmp_path, "bob")


def test_a_name_that_sqlite_takes_for_something_else_is_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    StateFile(":memory:", "bob").close()
    assert (tmp_path / ":memory:").stat().st_size > 0


@pytest.mark.usefixtures("small_disk")
def test_a_disk_that_is_full_is_told_and_costs_nothing(path: Path) -> None:
    with closing(StateFile(path, "bob")) as file:
        fill(file)
        with pytest.raises(StateUnusable, match="full"):
            file.keep(Unsent("a-3", None, "x" * 50_000))
        with pytest.raises(StateUnusable, match="full"):
            file.enter(Owner("bob" * 20_000, None), {"room": Place("new", 1)})
    assert _contents(path) == _WRITTEN
