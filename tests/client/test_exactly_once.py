"""Whatever a connection does, a program gets the log: all of it, in order, each message once."""

import contextlib
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from pathlib import Path
from queue import Queue
from typing import Any
from unittest import mock

from hypothesis import given, settings
from hypothesis import strategies as st

from chatroom.client import inbox as inbox_module
from chatroom.client import room as room_module
from chatroom.client.connect import connect
from chatroom.client.errors import Closed, Unreachable
from chatroom.client.events import Event, Gap, LineBack, Message, Receipt
from chatroom.client.room import Room
from tests.client.peer import DEADLINE
from tests.client.unreliable import END, Fate, Unreliable

_ENDLESS = 1 << 30
_FATES = st.builds(
    Fate,
    takes=st.integers(1, 900) | st.just(_ENDLESS),
    gives=st.integers(1, 3000) | st.just(_ENDLESS),
    steps=st.text("rrrdRDhhh", max_size=12),
    overlap=st.integers(0, 3),
    forgets=st.booleans(),
    resets=st.booleans(),
)


class Witness:
    """What one program, over all its lives, has seen of the talk."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.gaps: list[Gap] = []
        self.counts: list[list[int]] = []
        """For each time that the line came back, how many messages were announced and came."""
        self.receipts: list[Receipt] = []
        self.life = 0
        """In which of its lives it is."""
        self._public: set[tuple[int, int]] = set()  # in which life which public messages came
        self._confirmed: set[tuple[int, int]] = set()  # the same for those that were its own
        self._ends: Queue[bool] = Queue()

    def on_event(self, event: Event) -> None:
        """Sees an event."""
        if isinstance(event, Message):
            self.take(event)
        elif isinstance(event, Gap):
            self.gaps.append(event)
        elif isinstance(event, LineBack):
            self.counts.append([event.missed, 0])

    def take(self, message: Message) -> None:
        """Sees a message."""
        self.messages.append(message)
        if not message.private:
            self._public.add((self.life, message.seq))
        if message.replay and self.counts:
            self.counts[-1][1] += 1
        if message.text == END:
            self._ends.put(message.private)

    def keep(self, future: "Future[Receipt]") -> None:
        """Sees that a message of its own was confirmed, if it was."""
        with contextlib.suppress(Closed):
            receipt = future.result()
            self.receipts.append(receipt)
            if not receipt.duplicate:
                self._confirmed.add((self.life, receipt.seq))

    @property
    def told_twice(self) -> set[tuple[int, int]]:
        """What came as a message to the very life to which it was confirmed as its own."""
        return self._public & self._confirmed

    def wait_for_the_end(self) -> None:
        """Waits until the last message of each log has been seen."""
        for _ in range(2):
            self._ends.get(timeout=DEADLINE)


def _enter(address: str, **options: Any) -> Room:
    """Logs in, however often it takes."""
    deadline = time.monotonic() + DEADLINE
    while True:
        try:
            return connect(address, username="bob", password="pw", longest_pause=0.0, **options)
        except Unreachable:
            assert time.monotonic() < deadline


def _live(room: Room, witness: Witness, texts: Sequence[str]) -> "list[Future[Receipt]]":
    futures = [room.submit(text) for text in texts]
    for future in futures:
        future.add_done_callback(witness.keep)
    return futures


def _check(server: Unreliable, witness: Witness, own: Sequence[str]) -> None:
    """Compares what was seen with what was said."""
    room, inbox = server.logs["room"], server.logs["inbox"]
    assert witness.gaps == []
    assert witness.told_twice == set()
    for log, private in ((room, False), (inbox, True)):
        seen = [message for message in witness.messages if message.private == private]
        places = [message.seq for message in seen]
        assert places == sorted(set(places))
        assert [message.text for message in seen] == [log[seq - 1]["message"] for seq in places]
        others = {frame["seq"] for frame in log if frame["from"] != "bob"}
        assert others <= set(places)
    assert [frame["message"] for frame in room if frame["from"] == "bob"] == list(own)
    for receipt in witness.receipts:
        assert room[receipt.seq - 1]["from"] == "bob"
    assert len({receipt.id for receipt in witness.receipts}) == len(witness.receipts)


@given(st.lists(_FATES, max_size=5), st.integers(0, 6))
@settings(max_examples=60, deadline=None)
def test_a_program_that_listens_for_events_gets_everything_once(
    fates: list[Fate], count: int
) -> None:
    witness = Witness()
    own = [f"own {number}" for number in range(count)]
    with (
        Unreliable(_let_in_first(fates)) as server,
        _enter(server.address, on_event=witness.on_event) as room,
    ):
        futures = _live(room, witness, own)
        witness.wait_for_the_end()
        for future in futures:
            future.result(DEADLINE)
    _check(server, witness, own)
    assert all(came <= announced for announced, came in witness.counts)
    assert all(announced == came for announced, came in witness.counts[-1:])


def _let_in_first(fates: list[Fate]) -> list[Fate]:
    """Sees that the first login succeeds, as what was said before it is nobody's to get."""
    return [
        fate._replace(takes=fate.takes + 200, gives=fate.gives + 600) if number == 0 else fate
        for number, fate in enumerate(fates)
    ]


@contextlib.contextmanager
def _reading(room: Room, witness: Witness) -> Iterator[None]:
    """Lets a thread read the room until it is closed."""

    def read() -> None:
        for message in room:
            witness.take(message)

    reader = threading.Thread(target=read, name="reader")
    reader.start()
    yield
    reader.join(DEADLINE)
    assert not reader.is_alive()


@given(st.lists(_FATES, max_size=5), st.integers(0, 6), st.integers(1, 4))
@settings(max_examples=60, deadline=None)
def test_a_program_that_reads_and_has_little_room_gets_everything_once(
    fates: list[Fate], count: int, limit: int
) -> None:
    """Again and again messages are left to the server."""
    witness = Witness()
    own = [f"own {number}" for number in range(count)]
    with (
        mock.patch.object(room_module, "INBOX_MESSAGES", limit),
        mock.patch.object(inbox_module, "PATIENCE_SECONDS", 0.0),
        Unreliable(_let_in_first(fates)) as server,
        contextlib.ExitStack() as stack,
    ):
        room = _enter(server.address)
        stack.enter_context(_reading(room, witness))
        stack.callback(room.close, timeout=0.0)
        futures = _live(room, witness, own)
        witness.wait_for_the_end()
        for future in futures:
            future.result(DEADLINE)
    _check(server, witness, own)


@given(st.lists(_FATES, max_size=6), st.lists(st.integers(0, 3), min_size=1, max_size=4))
@settings(max_examples=60, deadline=None)
def test_a_program_that_starts_again_gets_everything_once(
    fates: list[Fate], lives: list[int]
) -> None:
    """It ends at any moment, and what it had not sent goes out in the next life."""
    witness = Witness()
    own = [f"own {life}-{number}" for life, count in enumerate(lives) for number in range(count)]
    with tempfile.TemporaryDirectory() as folder, Unreliable(_let_in_first(fates)) as server:
        state = Path(folder) / "bot.state"
        for life in range(len(lives)):
            with _enter(server.address, state=state, on_event=witness.on_event) as room:
                texts = [text for text in own if text.startswith(f"own {life}-")]
                futures = _live(room, witness, texts)
                if life == len(lives) - 1:
                    witness.wait_for_the_end()
                    for future in futures:
                        future.result(DEADLINE)
                elif futures:
                    with contextlib.suppress(TimeoutError):
                        futures[0].result(0.05)
                room.close(timeout=0.0)
            witness.life += 1
    _check(server, witness, own)
