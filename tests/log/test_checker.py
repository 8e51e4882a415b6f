"""The look through the whole file behind the talk."""

import contextlib
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatroom.log import checker
from chatroom.log.base import StoreError
from chatroom.log.checker import Checker
from chatroom.log.inspection import NEWEST
from chatroom.log.opening import open_store
from chatroom.log.sqlite import SqliteStore
from tests.log.hearing import Heard, hearing
from tests.log.stores import DEADLINE, say, texts

ENDLESS = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n"
"""A check that never ends by itself."""


LEAF = 0x0A
"""The first byte of a page at the end of a tree of SQLite's."""


@pytest.fixture
def heard() -> Iterator[Heard]:
    """What the checker logs."""
    with hearing("chatroom.log.checker") as found:
        yield found


@pytest.fixture
def left(tmp_path: Path) -> Path:
    """What a kill leaves behind, and far more entries than a start looks at."""
    path = tmp_path / "left.db"
    with contextlib.closing(SqliteStore(tmp_path / "alive.db")) as store:
        say(store, *[f"old {number} " + "x" * 1000 for number in range(50)])
        say(store, *["new"] * NEWEST)
        for end in ("", "-wal"):
            shutil.copy(tmp_path / f"alive.db{end}", f"{path}{end}")
    return path


def _is_checked() -> bool:
    return any(thread.name == "checker" for thread in threading.enumerate())


def _damage(path: Path) -> None:
    """Make an old entry unreadable, in a page that nobody passes on the way to others."""
    SqliteStore(path).close()
    content = bytearray(path.read_bytes())
    pages = (content.index(b"old %d " % number) // 4096 * 4096 for number in range(1, 20))
    content[next(page for page in pages if content[page] == LEAF)] = 0xFF
    path.write_bytes(content)


def _leave(path: Path) -> None:
    """Make the file look as if whoever had it was killed."""
    with contextlib.closing(SqliteStore(path)) as store:
        say(store, "newest")
        for end in ("", "-wal"):
            shutil.copy(f"{path}{end}", f"{path}{end}.kept")
    for end in ("", "-wal"):
        Path(f"{path}{end}.kept").rename(f"{path}{end}")


def test_a_sound_file_is_said_to_be_sound(left: Path, heard: Heard) -> None:
    with open_store(left, check=True) as store:
        heard.wait_for(1)
        assert len(texts(store)) == 50 + NEWEST
    assert heard.said == [
        ("INFO", f"After an unclean stop all of {left} was looked through: it is sound.")
    ]
    assert not _is_checked()


def test_damage_that_the_start_did_not_see_is_told_and_the_talk_goes_on(
    left: Path, heard: Heard
) -> None:
    _damage(left)
    _leave(left)
    with open_store(left, check=True) as store:
        heard.wait_for(1)
        assert say(store, "undisturbed")
    ((level, text),) = heard.said
    assert level == "ERROR"
    assert text.startswith(f"After an unclean stop {left} is damaged (")
    assert text.endswith(
        "; restore a backup with 'chatroom restore', as docs/operations.md#recovery says."
    )
    assert "\n" not in text


def test_what_cannot_be_read_is_told(
    left: Path, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checker, "_CHECK", "SELECT * FROM nothing")
    with open_store(left, check=True):
        heard.wait_for(1)
    ((level, text),) = heard.said
    assert level == "ERROR"
    assert text.startswith(f"After an unclean stop not all of the data can be read: {left} cannot ")


@pytest.mark.parametrize("check", [True, False])
def test_what_was_closed_in_order_is_not_looked_through(
    left: Path, heard: Heard, *, check: bool
) -> None:
    """Nor where it was not asked for."""
    if check:
        SqliteStore(left).close()
    with open_store(left, check=check):
        assert not _is_checked()
    assert heard.said == []


def test_the_end_does_not_wait_for_it(
    left: Path, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody needs the result any more."""
    monkeypatch.setattr(checker, "_CHECK", ENDLESS)
    with open_store(left, check=True) as store:
        assert _is_checked()
        say(store, "while it looks")
    assert not _is_checked()
    assert heard.said == []
    assert not left.with_name("left.db-wal").exists()


def test_the_end_may_come_before_it_has_begun(
    path: Path, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Interrupting what has not begun does nothing, so it looks by itself whether it is to stop."""
    monkeypatch.setattr(checker, "_CHECK", ENDLESS)
    SqliteStore(path).close()
    late = Checker(path)
    stop = threading.Thread(target=late.stop, name="stop")
    late._connection.interrupt()
    late._is_stopping = True
    late.start()
    stop.start()
    stop.join(DEADLINE)
    assert not stop.is_alive()
    assert heard.said == []


def test_a_file_that_cannot_be_opened_once_more_is_named(path: Path) -> None:
    path.symlink_to(path)
    with pytest.raises(StoreError, match=rf"^{path} cannot be used: "):
        Checker(path)
