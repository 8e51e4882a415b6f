"""What a client writes down of what it is told, and when it says that it has dealt with it."""

import queue
import threading
from collections.abc import Callable
from pathlib import Path

from chatroom.client.connect import connect
from chatroom.client.errors import ConnectionLost
from chatroom.client.events import Event, Gap, LineBack, LineGone, Message, UsersChanged
from chatroom.client.room import Room
from chatroom.selftest.hearing import THREAD_NAME, TOGETHER, Hearing, Manner
from chatroom.selftest.journal import Journal, read_journal
from chatroom.selftest.records import INBOX, ROOM, Committed, Gapped, Received, Record, Returned
from tests.serving import Server

DEADLINE = 20.0


class Scene:
    """A client that hears, and what it has written down.

    Args:
        manner: How it takes messages.
        folder: Where its files are.
    """

    def __init__(self, manner: Manner, folder: Path) -> None:
        self.path = folder / "journal"
        self.heard: queue.Queue[str] = queue.Queue()
        self.ends: list[Exception] = []
        self.hearing = Hearing(manner, Journal(self.path), self.heard.put, self.ends.append)

    @property
    def records(self) -> list[Record]:
        """What is written down."""
        return list(read_journal(self.path))

    @property
    def on_event(self) -> Callable[[Event], None]:
        """What events are given to."""
        assert self.hearing.on_event is not None
        return self.hearing.on_event


def message(seq: int, *, private: bool = False) -> Message:
    """Returns a message."""
    to = "bob" if private else None
    return Message("ann", f"text {seq}", private, to, seq, seq - 1, "e", 1.0, replay=private)


def received(seq: int, *, private: bool = False) -> Received:
    """Returns what is written down of it."""
    log, to = (INBOX, "bob") if private else (ROOM, None)
    return Received(log, "e", seq, seq - 1, "ann", to, f"text {seq}", replay=private)


def test_a_message_is_committed_when_the_next_one_comes(tmp_path: Path) -> None:
    scene = Scene(Manner.CALLBACK, tmp_path)
    scene.on_event(message(1))
    assert scene.records == [received(1)]
    scene.on_event(message(7, private=True))
    scene.on_event(message(2))
    assert scene.records == [
        received(1),
        Committed(ROOM, 1),
        received(7, private=True),
        Committed(INBOX, 7),
        received(2),
    ]
    assert [scene.heard.get() for _ in range(3)] == ["text 1", "text 7", "text 2"]
    assert scene.hearing.received == 3


def test_what_else_is_told_is_written_down(tmp_path: Path) -> None:
    scene = Scene(Manner.CALLBACK, tmp_path)
    scene.on_event(UsersChanged(("ann",), (), ()))
    scene.on_event(Gap("inbox", 3, 4, 2, "hole"))
    scene.on_event(LineBack(5, ("ann",), 0.5))
    assert scene.records == [Gapped(INBOX, 3, 4, "hole"), Returned(5, 0.5)]
    error = ConnectionLost("It is gone.")
    scene.on_event(LineGone(error))
    assert scene.ends == [error]


COUNT = 20
"""How many messages there are; no multiple of `TOGETHER`."""


def test_a_loop_commits_a_message_when_it_asks_for_the_next(tmp_path: Path) -> None:
    seen = hear(Manner.ITERATION, tmp_path)
    assert [record.seq for record in seen if isinstance(record, Committed)] == [*range(1, COUNT)]
    assert next_seq(tmp_path) == COUNT + 1  # it had asked, in vain


def test_messages_are_committed_together(tmp_path: Path) -> None:
    seen = hear(Manner.COMMIT, tmp_path)
    places = [record.seq for record in seen if isinstance(record, Committed)]
    assert places == [*range(1, COUNT // TOGETHER * TOGETHER + 1)]
    assert next_seq(tmp_path) == places[-1] + 1


def hear(manner: Manner, folder: Path) -> list[Record]:
    """Has one say something and another hear it, up to the end; returns what that writes down."""
    scene = Scene(manner, folder)
    with Server(folder / "room.db") as server, enter(server, "ann") as ann:
        with enter(server, "bob", folder / "state") as bob:
            assert scene.hearing.on_event is None
            scene.hearing.start(bob)
            for number in range(COUNT):
                ann.send(str(number))
            for number in range(COUNT):
                assert scene.heard.get(timeout=DEADLINE) == str(number)
        for thread in threading.enumerate():
            if thread.name == THREAD_NAME:
                thread.join(DEADLINE)
    return scene.records


def next_seq(folder: Path) -> int:
    """Returns the place of the first message that the next life hears, after one more was said."""
    with Server(folder / "room.db") as server, enter(server, "ann") as ann:
        ann.send("more")
        with enter(server, "bob", folder / "state") as bob:
            return bob.next_message().seq


def enter(server: Server, name: str, state: Path | None = None) -> Room:
    """Logs in."""
    return connect(server.address, username=name, password="pw", state=state, timeout=DEADLINE)
