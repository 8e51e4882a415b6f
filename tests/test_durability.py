"""What was confirmed is there: after a crash, and after an orderly end with everybody talking."""

import contextlib
import json
import selectors
import sqlite3
import threading
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.conversation import DEADLINE, Client, Frame, line
from tests.serving import Server

TALKERS = 4
MESSAGES = 2500
"""How many each of them sends."""

WINDOW = 200
"""How many of its messages may be without confirmation."""

GUESTS = [f"guest{number}" for number in range(300)]


class Talker:
    """Sends numbered messages without waiting, and notes which of them are confirmed.

    Args:
        port: where the server listens.
        username: who it is.
        messages: how many it sends, unless the server ends the connection.
    """

    def __init__(self, port: int, username: str, messages: int) -> None:
        self.username = username
        self._messages = messages
        self.confirmed: dict[str, int] = {}
        """The place of each message that is known to be in the log, by its id."""
        self.duplicates = 0
        """How many of them were there already."""
        self.farewell = ""
        """Why the server ended the connection, if it said so."""
        self.begun = threading.Event()
        """Set when some are confirmed."""
        self._ended = False
        self._window = threading.Semaphore(WINDOW)  # how many more may be without confirmation
        self._client = Client(("127.0.0.1", port))
        self._client.login(username)
        self._threads = [threading.Thread(target=self._send), threading.Thread(target=self._listen)]

    def start(self) -> None:
        """Begins to talk."""
        for thread in self._threads:
            thread.start()

    def wait(self) -> None:
        """Waits until all is confirmed or the connection is at its end."""
        for thread in self._threads:
            thread.join(DEADLINE)
            assert not thread.is_alive()
        self._client.close()

    def _send(self) -> None:
        with contextlib.suppress(OSError):  # when the server is gone
            for number in range(self._messages):
                self._window.acquire()
                if self._ended:
                    return
                text = f"{self.username} {number}"
                self._client.send_bytes(line("PM", message=text, id=text))

    def _listen(self) -> None:
        # When the server is gone, that may be within a line.
        with contextlib.suppress(OSError, EOFError, AssertionError):
            while len(self.confirmed) < self._messages and not self.farewell:
                self._take(self._client.news())
        self._ended = True
        self._window.release()

    def _take(self, frame: Frame) -> None:
        if frame["type"] == "confirmation":
            self.confirmed[frame["id"]] = frame["seq"]
            self.duplicates += frame["duplicate"]
            self._window.release()
            if len(self.confirmed) == WINDOW:
                self.begun.set()
        elif frame["type"] == "bye":
            self.farewell = frame["reason"]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Where the server keeps its data."""
    return tmp_path / "room.db"


def log_of(data: Path) -> list[tuple[int, str]]:
    """Returns the places and texts of the public messages, in their order, as the file has them."""
    with contextlib.closing(sqlite3.connect(f"file:{data}?mode=ro", uri=True)) as database:
        rows = database.execute("SELECT seq, text FROM entries WHERE log = 1 ORDER BY seq")
        return [(int(seq), str(text)) for seq, text in rows]


def talk(server: Server, messages: int = MESSAGES) -> list[Talker]:
    """Returns four who begin to talk."""
    talkers = [Talker(server.port, f"talker{number}", messages) for number in range(TALKERS)]
    for talker in talkers:
        talker.start()
    return talkers


def test_kill_9_loses_nothing_that_was_confirmed(data: Path) -> None:
    """Every confirmed message is in the log once and in order, and is known when sent again."""
    with Server(data) as server:
        talkers = talk(server)
        for talker in talkers:
            assert talker.begun.wait(DEADLINE)
        server.kill()
        for talker in talkers:
            talker.wait()
        confirmed = [dict(talker.confirmed) for talker in talkers]
        assert any(len(known) < MESSAGES for known in confirmed), "it was killed too late"

        server.start()
        after_crash = log_of(data)
        assert [seq for seq, _ in after_crash] == list(range(1, len(after_crash) + 1))
        assert in_the_order_of_their_senders(after_crash)
        places = {text: seq for seq, text in after_crash}
        assert len(places) == len(after_crash)
        for known in confirmed:
            assert known.items() <= places.items()

        again = talk(server)
        for talker in again:
            talker.wait()
            assert len(talker.confirmed) == MESSAGES
        assert sum(talker.duplicates for talker in again) == len(after_crash)
        at_last = log_of(data)
    assert at_last[: len(after_crash)] == after_crash
    assert len(at_last) == len({text for _, text in at_last}) == TALKERS * MESSAGES
    assert {text: seq for talker in again for text, seq in talker.confirmed.items()} == {
        text: seq for seq, text in at_last
    }


def in_the_order_of_their_senders(log: list[tuple[int, str]]) -> bool:
    """Says whether nobody's messages overtook each other, nor is one missing in between."""
    said: dict[str, list[int]] = {}
    for _, text in log:
        name, number = text.split()
        said.setdefault(name, []).append(int(number))
    return all(numbers == list(range(len(numbers))) for numbers in said.values())


def test_an_orderly_end_with_everybody_talking(data: Path) -> None:
    """SIGTERM: all 304 are told, the exit status is 0, and what was confirmed is in the log."""
    with Server(data) as server, contextlib.ExitStack() as stack:
        audience = Audience(stack.enter_context(Client(("127.0.0.1", server.port))) for _ in GUESTS)
        talkers = talk(server, messages=1_000_000)
        for talker in talkers:
            assert talker.begun.wait(DEADLINE)
        assert server.stop() == 0
        for talker in talkers:
            talker.wait()
            assert talker.farewell == "shutting_down"
        for farewell in audience.last_words():
            assert (farewell["type"], farewell["reason"]) == ("bye", "shutting_down")
            assert farewell["reconnect"] is True
    places = {text: seq for seq, text in log_of(data)}
    for talker in talkers:
        assert talker.confirmed.items() <= places.items()


class Audience:
    """Many who say something and listen, all in one thread.

    Args:
        guests: their connections.
    """

    def __init__(self, guests: Iterable[Client]) -> None:
        self._last: dict[Client, bytes] = {}
        for guest, name in zip(guests, GUESTS, strict=True):
            guest.login(name)
            guest.send("PM", message="hello")
            self._last[guest] = b""
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()

    def _listen(self) -> None:
        with selectors.DefaultSelector() as selector:
            for guest in self._last:
                selector.register(guest.sock, selectors.EVENT_READ, guest)
            while selector.get_map():
                ready = selector.select(DEADLINE)
                assert ready, "the server neither says anything nor ends"
                for key, _ in ready:
                    if not self._hear(key.data):
                        selector.unregister(key.data.sock)
                        key.data.close()

    def _hear(self, guest: Client) -> bool:
        """Keeps the end of what `guest` was sent; returns whether there may be more."""
        data = guest.sock.recv(1 << 18)
        self._last[guest] = (self._last[guest] + data)[-1000:]
        return bool(data)

    def last_words(self) -> list[Frame]:
        """Returns the last frame that each of them was sent."""
        self._thread.join(DEADLINE)
        return [json.loads(last.splitlines()[-1]) for last in self._last.values()]
