"""`chatroom backup`, as a process."""

import stat
import subprocess
import threading
from pathlib import Path

import pytest

from tests.cli.keeping import fails, forge, names, succeeds, without_coverage
from tests.conversation import DEADLINE, Client
from tests.log.filling import ENTRIES, LOGS, fill
from tests.serving import PROGRAM, Server, environment


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Some data."""
    path = tmp_path / "room.db"
    fill(path)
    return path


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """Where a backup can be made."""
    (tmp_path / "backups").mkdir()
    return tmp_path / "backups" / "backup.db"


def test_a_backup_is_made_and_said_to_be_there(data: Path, target: Path) -> None:
    """And once more over the first one."""
    for _ in range(2):
        assert succeeds("backup", target, "--data", data) == (
            f"{target} is a backup of {data} now: {ENTRIES} messages in {LOGS} logs, all checked.\n"
        )
    assert names(target.parent) == [target.name]
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    succeeds("verify", target)


def test_a_folder_is_enough(data: Path, target: Path) -> None:
    assert f"{target.parent}/chatroom.db is a" in succeeds("backup", target.parent, "--data", data)


class Talk:
    """Somebody who says one thing after the other, each when the one before it is confirmed.

    Args:
        port: where the server listens.
    """

    def __init__(self, port: int) -> None:
        self.confirmed = 0
        """How many were."""
        self._client = Client(("127.0.0.1", port))
        self._client.login("alice")
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while not self._over.is_set():
            self._client.say(f"message {self.confirmed + 1} " + "x" * 2000)
            self.confirmed += 1

    def end(self) -> None:
        """Say nothing more."""
        self._over.set()
        self._thread.join(DEADLINE)
        assert not self._thread.is_alive()
        self._client.close()


def test_a_talk_goes_on_while_backups_are_made(tmp_path: Path, target: Path) -> None:
    """Each holds all that was confirmed before it began, and the talk loses nothing."""
    data = tmp_path / "room.db"
    with Server(data) as server:
        talk = Talk(server.port)
        progress = []
        for _ in range(5):
            before = talk.confirmed
            said = succeeds("backup", target, "--data", data)
            held = int(said.split(" now: ")[1].split()[0].replace(",", ""))
            assert held >= before
            assert len(exported(target)) == held
            progress.append(talk.confirmed - before)
        talk.end()
        assert min(progress) > 0, "the talk stood still"
        assert len(exported(data)) == talk.confirmed


def exported(data: Path) -> list[str]:
    """Return what was said in public."""
    return succeeds("export", "--data", data).splitlines()


def test_data_that_were_changed_make_no_backup(data: Path, target: Path) -> None:
    forge(data)
    fault, last = fails(1, "backup", target, "--data", data)
    assert fault.startswith("commit 2 does not have the hash")
    assert last == f"{data} is not as it was written, so no copy of it was kept."
    assert names(target.parent) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["new.db", "--data", "none.db"], "there is no room at {folder}/none.db; name its --data"),
        (["new.db", "--data", ":memory:"], "a room in memory has no data to look at; name its"),
        (["room.db", "--data", "room.db"], "{folder}/room.db is the data themselves; choose"),
        (["letters", "--data", "room.db"], "{folder}/letters is there and is no backup; choose"),
        (["no/new.db", "--data", "room.db"], "{folder}/no/new.db cannot be written: No such file"),
        (["--data", "room.db"], "the following arguments are required: FILE; see chatroom backup"),
    ],
)
def test_what_cannot_be_is_refused_and_leaves_nothing(
    data: Path, words: list[str], said: str
) -> None:
    (data.parent / "letters").write_text("These are my letters. " * 1000)
    before = names(data.parent)
    done = subprocess.run(
        [*PROGRAM, "backup", *words],
        capture_output=True,
        env=environment(),
        timeout=DEADLINE,
        check=False,
        cwd=data.parent,
    )
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.decode().startswith(f"chatroom: {said.format(folder=data.parent)}")
    assert done.stderr.count(b"\n") == 1
    assert names(data.parent) == before


def test_a_write_that_the_system_refuses_leaves_nothing(data: Path, target: Path) -> None:
    """Here because no file may be longer than 40 KiB."""
    assert data.stat().st_size > 40 * 1024
    words = [*PROGRAM, "backup", str(target), "--data", str(data)]
    done = subprocess.run(
        ["bash", "-c", 'ulimit -f 40; exec "$@"', "bash", *words],
        capture_output=True,
        env=without_coverage(),
        timeout=DEADLINE,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.decode() == f"chatroom: Copying {data} to {target} failed: disk I/O error.\n"
    assert names(target.parent) == []
