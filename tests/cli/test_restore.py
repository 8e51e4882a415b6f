"""`chatroom restore`, as a process."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.cli.keeping import fails, forge, names, succeeds
from tests.conversation import DEADLINE, PASSWORD, Client, Frame
from tests.log.filling import ENTRIES, LOGS, fill
from tests.serving import PROGRAM, Server, environment

KEPT = r"room\.db\.before-restore-\d{8}T\d{6}Z"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Where the data are, or are to be."""
    (tmp_path / "data").mkdir()
    return tmp_path / "data" / "room.db"


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    """Where a backup can be made."""
    (tmp_path / "backups").mkdir()
    return tmp_path / "backups" / "backup.db"


def enter(server: Server) -> Client:
    """Return a connection to `server`."""
    return Client(("127.0.0.1", server.port))


def test_a_server_goes_on_where_the_backup_ends(data: Path, backup: Path) -> None:
    """Its log is a new incarnation; what came after the backup is gone here, and kept there."""
    with Server(data) as server:
        with enter(server) as client:
            client.login("alice")
            first = client.say("one", id="a")
            succeeds("backup", backup, "--data", data)
            client.say("two", id="b")
        server.stop()
        said = succeeds("restore", backup, "--data", data)
        server.start()
        with enter(server) as client:
            assert client.login("alice")["new_user"] is False
            again = client.say("one", id="a")
            other = client.say("other two", id="b")
        assert (again["seq"], again["duplicate"]) == (1, True)
        assert (other["seq"], other["duplicate"]) == (2, False)
        assert other["epoch"] == again["epoch"] != first["epoch"]
    sentences = re.fullmatch(
        rf"{data} is a copy of {backup} now: 1 message in 2 logs, all checked\.\n"
        rf"What was there before is kept as ({data.parent}/{KEPT})\.\n",
        said,
    )
    assert sentences is not None
    kept = succeeds("export", "--data", sentences[1])
    assert [line.split('"message":')[1] for line in kept.splitlines()] == ['"one"}', '"two"}']
    succeeds("verify", "--data", data)


def test_who_comes_back_goes_on_where_both_logs_agree(data: Path, backup: Path) -> None:
    """And is told which places are gone."""
    with Server(data) as server:
        with enter(server) as client:
            client.login("alice")
            epoch = client.say("one")["epoch"]
            succeeds("backup", backup, "--data", data)
            client.say("two")
            client.say("three")
        server.stop()
        succeeds("restore", backup, "--data", data)
        server.start()
        with enter(server) as client:
            client.login("bob")
            client.say("other two")
        for after, gone in ((1, (2, 1)), (3, (2, 3))):
            with enter(server) as client:
                welcome, gap, entry = come_back(client, epoch, after)
            assert welcome["logs"]["room"]["from"] == 2
            assert (gap["reason"], gap["from"], gap["to"]) == ("epoch", *gone)
            assert (entry["seq"], entry["message"]) == (2, "other two")
            assert entry["epoch"] == welcome["logs"]["room"]["epoch"] != epoch


def come_back(client: Client, epoch: str, after: int) -> list[Frame]:
    """Log in knowing all of the room up to a place; return what the server says first."""
    logs = {"room": {"epoch": epoch, "after": after}}
    client.send("login", username="alice", password=PASSWORD, logs=logs)
    return client.take(3)


def test_there_need_be_no_data(data: Path, backup: Path) -> None:
    fill(backup)
    assert succeeds("restore", backup, "--data", data) == (
        f"{data} is a copy of {backup} now: {ENTRIES} messages in {LOGS} logs, all checked.\n"
    )
    assert names(data.parent) == ["room.db", "room.db.lock"]


def test_data_that_a_server_uses_are_left_alone(data: Path, backup: Path) -> None:
    fill(backup)
    with Server(data) as server, enter(server) as client:
        client.login("alice")
        client.say("one")
        (sentence,) = fails(2, "restore", backup, "--data", data)
        assert sentence.startswith(f"{data} is in use by another chatroom; stop that one or")
        client.say("two")
    assert "2 messages" in succeeds("verify", "--data", data)


def test_a_backup_that_was_changed_is_refused(data: Path, backup: Path) -> None:
    fill(data)
    fill(backup)
    forge(backup)
    before = data.read_bytes()
    fault, last = fails(1, "restore", backup, "--data", data)
    assert fault.startswith("commit 2 does not have the hash")
    assert last == f"{backup} is not as it was written, so no copy of it was kept."
    assert data.read_bytes() == before
    assert names(data.parent) == ["room.db", "room.db.lock"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["none.db", "--data", "room.db"], "There is no file {folder}/none.db."),
        (["letters", "--data", "room.db"], "{folder}/letters cannot be used: it is no database; "),
        (["room.db", "--data", "room.db"], "{folder}/room.db is the data themselves; name a"),
        (["room.db", "--data", ":memory:"], "a room in memory has no data to look at; name its"),
        (["room.db", "--data", "letters/x"], "{folder}/letters cannot be made: "),
        ([], "the following arguments are required: FILE; see chatroom restore --help"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(
    data: Path, words: list[str], said: str
) -> None:
    fill(data)
    (data.parent / "letters").write_text("These are my letters. " * 1000)
    before = data.read_bytes()
    done = subprocess.run(
        [*PROGRAM, "restore", *words],
        capture_output=True,
        env=environment(),
        timeout=DEADLINE,
        check=False,
        cwd=data.parent,
    )
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.decode().startswith(f"chatroom: {said.format(folder=data.parent)}")
    assert done.stderr.count(b"\n") == 1
    assert data.read_bytes() == before
    assert set(names(data.parent)) <= {"letters", "room.db", "room.db.lock"}
