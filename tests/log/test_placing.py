"""Files that take their place as a whole."""

import contextlib
import os
import stat
from pathlib import Path

import pytest

from chatroom.log.base import StoreError
from chatroom.log.placing import SIDES, beside, make_folder, placed


def test_a_file_takes_its_place_in_the_end(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with placed(path) as part:
        part.write_text("new")
        assert not path.exists()
        assert part.parent == tmp_path
    assert path.read_text() == "new"
    assert [file.name for file in tmp_path.iterdir()] == ["file"]


def test_what_was_there_is_replaced_at_once(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    with placed(path) as part:
        part.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"


def test_only_its_owner_can_read_it(tmp_path: Path) -> None:
    path = tmp_path / "file"
    before = os.umask(0)
    try:
        with placed(path) as part:
            assert stat.S_IMODE(part.stat().st_mode) == 0o600
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_fails_leaves_everything_as_it_was(tmp_path: Path) -> None:
    """Also what SQLite has put beside the file is taken away."""
    path = tmp_path / "file"
    path.write_text("old")
    with contextlib.suppress(ZeroDivisionError), placed(path) as part:
        part.write_text("half")
        for end in SIDES:
            beside(part, end).touch()
        raise ZeroDivisionError
    assert path.read_text() == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["file"]


def test_a_sync_that_fails_leaves_everything_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: int) -> None:
        raise OSError(5, "Input/output error")

    path = tmp_path / "file"
    monkeypatch.setattr(os, "fsync", fail)
    sentence = rf"^{path} cannot be written: Input/output error; choose a path that you may"
    with pytest.raises(StoreError, match=sentence), placed(path):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "no folder" / "file"
    with pytest.raises(StoreError, match=rf"^{path} cannot be written: No such file"), placed(path):
        pass


def test_all_folders_on_the_way_are_made(tmp_path: Path) -> None:
    """For their owner alone; those that are there are left as they are."""
    tmp_path.chmod(0o755)
    folder = tmp_path / "some" / "where"
    make_folder(folder)
    make_folder(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755
