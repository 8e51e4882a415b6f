"""`chatroom verify`, as a process."""

import contextlib
import re
import sqlite3
from pathlib import Path

import pytest

from tests.cli.command import run
from tests.cli.keeping import fails, forge, names, succeeds
from tests.conversation import Client
from tests.log.filling import COMMITS, ENTRIES, LOGS, fill, make_version_1
from tests.serving import Server

CHANGED = (
    "commit 2 does not have the hash that it was sealed with: it, the one before it or one of its "
    "entries was changed."
)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Some data."""
    path = tmp_path / "room.db"
    fill(path)
    return path


def test_data_as_they_were_written(data: Path) -> None:
    """Named as the data or as a file, or by their folder."""
    sentence = (
        rf"{data} is as it was written: {ENTRIES} messages in {LOGS} logs, sealed in {COMMITS} "
        r"commits; checked in \d+\.\d seconds\.\n"
    )
    for words in (["--data", data], [data]):
        assert re.fullmatch(sentence, succeeds("verify", *words))
    data.rename(data.with_name("chatroom.db"))
    assert str(data.with_name("chatroom.db")) in succeeds("verify", data.parent)
    assert names(data.parent) == ["chatroom.db"]


def test_the_data_can_be_named_in_a_configuration(data: Path, tmp_path: Path) -> None:
    config = tmp_path / "chatroom.toml"
    config.write_text(f'[server]\ndata = "{data}"\n')
    assert str(data) in succeeds("verify", "--config", config)
    done = run("verify", env={"CHATROOM_SERVER_DATA": str(data)})
    assert str(data) in done.stdout


def test_a_server_may_run(tmp_path: Path) -> None:
    data = tmp_path / "room.db"
    with Server(data) as server, Client(("127.0.0.1", server.port)) as client:
        client.login("alice")
        for number in range(5):
            client.say(f"message {number}")
            said = succeeds("verify", "--data", data)
            count = "1 message" if number == 0 else f"{number + 1} messages"
            assert f"is as it was written: {count} in 2 logs" in said


def test_what_was_changed_is_told(data: Path) -> None:
    forge(data)
    *faults, last = fails(1, "verify", data)
    assert faults == [CHANGED]
    assert last == (
        f"{data} is not as it was written; restore a backup with 'chatroom restore', as "
        "docs/operations.md#recovery says."
    )


def test_many_faults_are_counted(data: Path) -> None:
    with contextlib.closing(sqlite3.connect(data)) as connection, connection:
        connection.executemany(
            "INSERT INTO commits VALUES (?, 2000.0, '[]', x'')", [(n,) for n in range(100, 2000)]
        )
    *faults, more, _ = fails(1, "verify", data)
    assert len(faults) == 20
    assert re.fullmatch(r"there are \d,\d{3} more faults\.", more)


def test_a_file_that_is_damaged_is_told(data: Path) -> None:
    with contextlib.closing(sqlite3.connect(data)) as connection:
        connection.execute("DROP TABLE lineage")
    (sentence,) = fails(1, "verify", data)
    assert sentence.startswith(f"{data} cannot be used: it is damaged (lineage is missing")


def test_what_is_damaged_can_do_the_terminal_no_harm(data: Path) -> None:
    """SQLite's messages quote what stands in the file."""
    content = data.read_bytes()
    data.write_bytes(content.replace(b"CREATE TABLE lineage", b"CREATE TABLE \x1b[31mage"))
    done = run("verify", str(data))
    assert done.returncode == 1
    assert "\x1b" not in done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--data", "{folder}/none.db"], "there is no room at {folder}/none.db; name its --data"),
        (["{folder}/none.db"], "There is no file {folder}/none.db."),
        (["--data", ":memory:"], "a room in memory has no data to look at; name its --data"),
        (["~nobody-here/room.db"], "~nobody-here/room.db cannot be found: there is no such user."),
        (["{folder}/letters"], "{folder}/letters cannot be used: it is no database; choose"),
        (["{folder}/empty"], "{folder}/empty cannot be used: it is empty; choose another path."),
        (["{folder}/old.db"], "{folder}/old.db cannot be used: an older chatroom wrote it"),
        (["one", "two"], "unrecognized arguments: two; see"),
    ],
)
def test_what_cannot_be_looked_at_is_named(tmp_path: Path, words: list[str], said: str) -> None:
    (tmp_path / "letters").write_text("These are my letters. " * 1000)
    (tmp_path / "empty").touch()
    make_version_1(tmp_path / "old.db")
    before = names(tmp_path)
    (sentence,) = fails(2, "verify", *[word.format(folder=tmp_path) for word in words])
    assert sentence.startswith(said.format(folder=tmp_path))
    assert names(tmp_path) == before
