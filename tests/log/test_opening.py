"""From what a person says of the data to an open store."""

import os
import stat
from pathlib import Path

import pytest

from chatroom.log.base import ROOM, StoreError
from chatroom.log.lock import StoreLock
from chatroom.log.memory import MemoryStore
from chatroom.log.opening import MEMORY, locate, open_store
from chatroom.log.sqlite import SqliteStore
from tests.log.stores import say, texts


def test_memory_is_no_file() -> None:
    assert locate(MEMORY) is None


def test_nothing_means_the_place_for_the_users_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    found = locate("")
    assert found is not None
    assert found.is_relative_to(tmp_path)
    assert (found.parent.name, found.name) == ("chatroom", "chatroom.db")


def test_a_file_is_taken_as_it_is_and_a_folder_holds_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert locate(str(tmp_path / "my.db")) == tmp_path / "my.db"
    assert locate(str(tmp_path)) == tmp_path / "chatroom.db"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert locate("my.db") == tmp_path / "my.db"
    assert locate("~/my.db") == tmp_path / "home" / "my.db"


def test_a_store_in_memory_touches_no_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with open_store(locate(MEMORY)) as store:
        assert isinstance(store, MemoryStore)
        say(store, "hello")
    assert list(tmp_path.iterdir()) == []


def test_what_was_said_is_there_when_the_store_is_opened_again(path: Path) -> None:
    """Folders that are missing are made."""
    path = path.parent / "some" / "where" / path.name
    with open_store(path) as store:
        assert isinstance(store, SqliteStore)
        say(store, "hello")
    with open_store(path) as store:
        assert texts(store) == ["hello"]


def test_only_its_owner_can_read_the_data(path: Path) -> None:
    """The file, what SQLite puts beside it, and a folder that is made for it."""
    path = path.parent / "new" / path.name
    with open_store(path) as store:
        say(store, "private")
        files = [path.parent, *path.parent.iterdir()]
        assert len(files) == 5  # the folder, the file, its log, the index of that, and the lock
        for file in files:
            assert stat.S_IMODE(file.stat().st_mode) & 0o077 == 0, file


def test_a_store_is_nobody_elses_while_it_is_open(path: Path) -> None:
    with open_store(path) as store:
        with pytest.raises(StoreError, match="in use by another chatroom"), open_store(path):
            pass
        say(store, "undisturbed")
    with open_store(path) as store:
        assert store.head(ROOM) == 1


def test_another_name_for_the_same_file_is_the_same_store(path: Path) -> None:
    other = path.with_name("other.db")
    other.symlink_to(path)
    with (
        open_store(locate(str(path))),
        pytest.raises(StoreError, match="in use by another chatroom"),
        open_store(locate(str(other))),
    ):
        pass


@pytest.mark.parametrize("replaced", [False, True])
def test_nothing_is_confirmed_into_a_file_that_is_gone(path: Path, *, replaced: bool) -> None:
    """It would be lost with the last descriptor of the file."""
    with open_store(path) as store:
        say(store, "stored")
        path.rename(path.with_name("moved.db"))
        if replaced:
            path.touch()
        with pytest.raises(StoreError, match="was removed or replaced"):
            say(store, "lost")


def test_a_store_that_cannot_be_opened_is_not_held(path: Path) -> None:
    path.write_text("Dear diary, this is no database.\n" * 100)
    with pytest.raises(StoreError, match="cannot be used"), open_store(path):
        pass
    StoreLock(path).release()


def test_a_fault_in_the_one_who_uses_it_closes_the_store(path: Path) -> None:
    with pytest.raises(ZeroDivisionError), open_store(path):
        raise ZeroDivisionError
    assert {file.name for file in path.parent.iterdir()} == {path.name, f"{path.name}.lock"}


@pytest.mark.parametrize("place", ["file/chat.db", "folder", "loop"])
def test_a_place_that_cannot_be_written_is_refused_in_a_sentence(
    tmp_path: Path, place: str
) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    (tmp_path / "loop").symlink_to("loop")
    path = tmp_path / place
    sentence = rf"^{path} cannot be opened: .*; choose a path that you may write to\.$"
    with pytest.raises(StoreError, match=sentence), open_store(path):
        pass


def test_the_home_of_somebody_who_is_not_there_is_no_place() -> None:
    with pytest.raises(StoreError, match=r"^~nobody-here/room.db cannot be found: .+\.$"):
        locate("~nobody-here/room.db")


def test_what_is_made_belongs_to_its_owner_whatever_the_umask(path: Path) -> None:
    """Also what SQLite keeps beside it while it is open."""
    before = os.umask(0)
    try:
        with open_store(path) as store:
            say(store, "hello")
            made = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    finally:
        os.umask(before)
    assert made == {path.name + end: 0o600 for end in ("", "-wal", "-shm", ".lock")}
