"""`chatroom export`, as a process."""

import contextlib
import json
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest

from chatroom.log.sqlite import SqliteStore
from tests.cli.command import run
from tests.cli.keeping import fails, names, succeeds, without_coverage
from tests.cli.screen import Screen
from tests.conversation import DEADLINE, Client
from tests.log.filling import ENTRIES, fill
from tests.log.stores import add, say
from tests.serving import PROGRAM, Server, environment


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Where the data are."""
    return tmp_path / "room.db"


def fill_with(data: Path, *texts: str) -> None:
    """Make data in which alice said `texts`."""
    with contextlib.closing(SqliteStore(data)) as store:
        add(store, "alice")
        say(store, *texts)


def objects(text: str) -> list[dict[str, Any]]:
    """Return what stands on the lines of an export."""
    return [json.loads(line) for line in text.splitlines()]


def test_public_messages_are_printed_while_the_server_runs(data: Path) -> None:
    with Server(data) as server, Client(("127.0.0.1", server.port)) as client:
        client.login("alice")
        one = client.say("one", id="a")
        two = client.say("zwei ü")
        client.send("DM", to="alice", message="private")
        client.news()
        found = objects(succeeds("export", "--data", data))
    shared = {"log": "room", "epoch": one["epoch"], "from": "alice"}
    assert found == [
        shared | {"seq": 1, "prev": 0, "ts": one["ts"], "id": "a", "message": "one"},
        shared | {"seq": 2, "prev": 1, "ts": two["ts"], "message": "zwei ü"},
    ]


def test_direct_messages_are_printed_when_they_are_asked_for(data: Path) -> None:
    fill(data)
    public = objects(succeeds("export", "--data", data))
    everything = objects(succeeds("export", "--direct", "--data", data))
    assert {line["log"] for line in public} == {"room"}
    assert everything[: len(public)] == public
    assert len(everything) == ENTRIES
    for line in everything[len(public) :]:
        assert line["log"] == f"inbox:{line['to']}"


def test_a_room_in_which_nothing_was_said_gives_nothing(data: Path) -> None:
    with Server(data):
        assert succeeds("export", "--data", data) == ""


def test_an_export_can_be_written_to_a_file(data: Path, tmp_path: Path) -> None:
    """For its owner alone; one that is there is replaced."""
    fill(data)
    output = tmp_path / "out" / "all.jsonl"
    output.parent.mkdir()
    for _ in range(2):
        said = succeeds("export", "--direct", "--data", data, "--output", output)
        assert said == f"{output} holds {ENTRIES} messages now.\n"
    assert output.read_text() == succeeds("export", "--direct", "--data", data)
    assert stat.S_IMODE(output.stat().st_mode) == 0o600
    assert names(output.parent) == ["all.jsonl"]


def test_what_is_printed_can_do_a_terminal_no_harm(data: Path) -> None:
    """Elsewhere it is as it was said."""
    harmful = "\x1b[31mred\u202e\x9b1m ü"
    fill_with(data, harmful)
    assert objects(succeeds("export", "--data", data))[0]["message"] == harmful
    with Screen("export", "--data", str(data)) as screen:
        assert screen.wait_for_exit() == 0
        assert b"\x1b" not in screen.raw
        assert "\x9b".encode() not in screen.raw
        text = screen.raw.decode().strip().replace("\r\n", "")
    assert json.loads(text)["message"] == harmful


def test_whoever_has_read_enough_ends_it(data: Path) -> None:
    fill_with(data, *["x" * 3000] * 100)
    words = [*PROGRAM, "export", "--data", str(data)]
    done = subprocess.run(
        ["bash", "-c", 'set -o pipefail; "$@" | head -n 1', "bash", *words],
        capture_output=True,
        env=environment(),
        timeout=DEADLINE,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert len(objects(done.stdout.decode())) == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no disk that is always full")
def test_an_output_that_is_full_is_told_in_a_sentence(data: Path) -> None:
    fill(data)
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*PROGRAM, "export", "--data", data],
            stdout=full,
            stderr=subprocess.PIPE,
            env=environment(),
            timeout=DEADLINE,
            check=False,
        )
    assert done.returncode == 2
    assert done.stderr == b"chatroom: cannot write what is exported: No space left on device\n"


def test_a_file_that_cannot_be_written_to_its_end_is_not_left(data: Path, tmp_path: Path) -> None:
    """Here because no file may be longer than 40 KiB."""
    fill_with(data, *["x" * 3000] * 20)
    output = tmp_path / "out" / "all.jsonl"
    output.parent.mkdir()
    words = [*PROGRAM, "export", "--direct", "--data", str(data), "--output", str(output)]
    done = subprocess.run(
        ["bash", "-c", 'ulimit -f 40; exec "$@"', "bash", *words],
        capture_output=True,
        env=without_coverage(),
        timeout=DEADLINE,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.decode() == f"chatroom: cannot write to {output}: File too large\n"
    assert names(output.parent) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--data", "{folder}/none.db"], "there is no room at {folder}/none.db; name its --data"),
        (["--data", ":memory:"], "a room in memory has no data to look at; name its --data"),
        (["--output", "{folder}/room.db"], "{folder}/room.db is there and is no file to be"),
        (["--output", "/dev/null"], "/dev/null is there and is no file to be replaced; choose"),
        (["--output", "{folder}/no/all"], "{folder}/no/all cannot be written: No such file or"),
    ],
)
def test_what_cannot_be_is_refused_and_leaves_nothing(
    data: Path, words: list[str], said: str
) -> None:
    fill(data)
    before = names(data.parent)
    given = [word.format(folder=data.parent) for word in words]
    (sentence,) = fails(2, "export", *(() if "--data" in words else ("--data", data)), *given)
    assert sentence.startswith(said.format(folder=data.parent))
    assert names(data.parent) == before


def test_data_that_are_damaged_are_told(data: Path) -> None:
    fill(data)
    content = data.read_bytes()
    data.write_bytes(content.replace(b"CREATE TABLE entries", b"CREATE TABLE xntries"))
    done = run("export", "--data", str(data))
    assert (done.returncode, done.stdout) == (1, "")
    assert f"{data} cannot be used: it is damaged (" in done.stderr
