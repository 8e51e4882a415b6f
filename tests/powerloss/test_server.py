"""The power goes while a real server confirms what several people say to it."""

import contextlib
import json
import shutil
import sqlite3
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from chatroom.log.sqlite import SqliteStore
from chatroom.log.verifying import verify
from tests.conversation import DEADLINE, Client
from tests.powerloss.cuts import cuts, put
from tests.powerloss.disk import Disk
from tests.powerloss.recording import Recorder, Sent, Step
from tests.serving import Server

DATA = "data/chat.db"

NAMES = ("alice", "bob", "carol")

MESSAGES = 25
"""How many each of them sends."""

Place = tuple[int, str, str]
"""The place of a message in its log, what it says, and whose inbox that is, "" for the room's."""


class Confirmed(NamedTuple):
    """What a server told a sender."""

    steps: int
    """How many steps it had taken then."""
    id: str
    place: Place


def said(name: str, number: int) -> tuple[str, str, str]:
    """Return what somebody says as its number: the id, the text, and to whom, "" for everybody."""
    id_ = f"{name}-{number}"
    to = NAMES[(NAMES.index(name) + number) % len(NAMES)] if number % 2 else ""
    return id_, f"{id_} " + "x" * (number * 157 % 3000), to


EVERYTHING = {
    id_: (text, to)
    for name in NAMES
    for id_, text, to in map(said, [name] * MESSAGES, range(MESSAGES))
}


def talk(client: Client, name: str) -> None:
    """Send messages and wait for each of them to be confirmed."""
    for number in range(MESSAGES):
        id_, text, to = said(name, number)
        if to:
            client.send("DM", to=to, message=text, id=id_)
        else:
            client.send("PM", message=text, id=id_)
        while client.read().get("id") != id_:
            pass


def record(tmp_path: Path) -> tuple[Disk, list[Step]]:
    """Let a server run, and people talk to it; return what was there before and what it did."""
    for name in ("scratch", "watched"):
        (tmp_path / name).mkdir()
    watched = tmp_path / "watched"
    recorder = Recorder(tmp_path / "scratch", watched)
    disk = Disk(watched)
    with (
        Server(watched / DATA, env=recorder.environment) as server,
        contextlib.ExitStack() as stack,
    ):
        threads = []
        for name in NAMES:
            client = stack.enter_context(Client(("127.0.0.1", server.port)))
            client.login(name)
            threads.append(threading.Thread(target=talk, args=(client, name)))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(DEADLINE)
            assert not thread.is_alive()
    return disk, recorder.steps()


def confirmations(steps: Sequence[Step]) -> list[Confirmed]:
    """Return what was confirmed, in its order."""
    found = []
    begun: dict[int, bytes] = {}  # of a line, by the connection
    for taken, step in enumerate(steps, 1):
        if not isinstance(step, Sent):
            continue
        *lines, begun[step.descriptor] = (begun.get(step.descriptor, b"") + step.data).split(b"\n")
        for line in lines:
            frame = json.loads(line)
            if frame["type"] == "confirmation":
                text, to = EVERYTHING[frame["id"]]
                found.append(Confirmed(taken, frame["id"], (frame["seq"], text, to)))
    return found


def stored(path: Path) -> dict[str, Place]:
    """Return what is in the store at `path` by its id, whole and without holes."""
    with contextlib.closing(SqliteStore(path)) as store:
        store.accounts()
    assert verify(path).faults == []
    with contextlib.closing(sqlite3.connect(path)) as connection:
        rows = connection.execute(
            "SELECT id, seq, text, coalesce(name, '') FROM entries "
            "LEFT JOIN accounts ON inbox = log"
        )
        return {id_: (seq, text, to) for id_, seq, text, to in rows}


def test_what_a_server_confirmed_survives_a_power_failure(tmp_path: Path) -> None:
    """With its place, its text and its log; and nothing is there that nobody said."""
    disk, steps = record(tmp_path)
    confirmed = confirmations(steps)
    assert len(confirmed) == len(EVERYTHING)
    found = tmp_path / "found"
    for cut in cuts(disk, steps, seed=3, samples=20):
        put(cut.files, found)
        (found / DATA).parent.mkdir(exist_ok=True)
        there = stored(found / DATA)
        shutil.rmtree(found)
        sure = {one.id: one.place for one in confirmed if one.steps <= cut.steps}
        assert sure.items() <= there.items()
        assert {
            id_: (text, to) for id_, (_, text, to) in there.items()
        }.items() <= EVERYTHING.items()
