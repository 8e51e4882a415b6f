"""The writing side of one connection."""

import socket
import threading
from collections.abc import Iterator, Sequence
from itertools import accumulate

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatroom.server.debt import OUTBOX_BYTES
from chatroom.server.insert import Insert
from chatroom.server.outbox import Outbox
from chatroom.server.tail import Run
from chatroom.server.timers import Timers
from tests.server.stage import DEADLINE, Trickle, full_pair

FRAMES = [b"%d:%s\n" % (number, b"x" * (number % 7)) for number in range(10, 30)]


def reply(at: int, text: bytes = b"reply\n", *, weight: int = 0) -> Insert:
    """Return a reply in front of the public message at `at`."""
    return Insert(at, text, at, weight)


def instead(at: int, text: bytes = b"mine\n") -> Insert:
    """Return a reply that stands for the public message at `at`."""
    return Insert(at, text, at + 1)


@pytest.fixture
def sock() -> Iterator[Trickle]:
    """A socket that takes what the test says."""
    with Trickle() as sock:
        yield sock


@pytest.fixture
def outbox(sock: Trickle) -> Outbox:
    """The writing side of `sock`, of a reader who gets everything from place 10 on."""
    outbox = Outbox(sock)
    outbox.begin = 10
    return outbox


def drain(outbox: Outbox, run: Run) -> None:
    """Send the rest of `run` and of what waits, however often the socket is full."""
    while not outbox.send_missing():
        pass
    while not outbox.send_own(run):
        while not outbox.send_missing():
            pass


def test_everyone_is_sent_the_same(outbox: Outbox, sock: Trickle) -> None:
    run = Run(10, FRAMES)
    assert outbox.send_same(run)
    assert sock.taken == b"".join(FRAMES)


@given(st.integers(0, sum(map(len, FRAMES)) - 1))
def test_a_socket_that_takes_less_is_gone_on_with_where_it_stopped(taken: int) -> None:
    """It keeps the rest of one message, and the place of the next."""
    with Trickle([taken]) as sock:
        outbox, run = Outbox(sock), Run(10, FRAMES)
        outbox.begin = 10
        assert not outbox.send_same(run)
        assert len(outbox.missing) < max(map(len, FRAMES))
        drain(outbox, run)
        assert sock.taken == run.data


@st.composite
def inserts(draw: st.DrawFn) -> list[Insert]:
    """Draw what stands between the messages of a run from 10 to 30, in order."""
    found: list[Insert] = []
    place = 10
    for step in draw(st.lists(st.integers(0, 4), max_size=12)):
        place = min(place + step, 30)
        found.append(reply(place, b"reply %d\n" % len(found)))
        if place < 30 and draw(st.booleans()):
            found.append(instead(place, b"mine %d\n" % len(found)))
            place += 1
    return found


def stream(run: Run, own: Sequence[Insert], begin: int, end: int) -> bytes:
    """Return what a reader gets, told in the plainest way."""
    told = bytearray()
    hidden = {insert.at for insert in own if insert.resume > insert.at}
    for place in range(run.first, run.next + 1):
        told += b"".join(insert.frame for insert in own if insert.at == place)
        if place < run.next and begin <= place < end and place not in hidden:
            told += bytes(run.cut(place, place + 1))
    return bytes(told)


@settings(max_examples=400, deadline=None)
@given(
    own=inserts(),
    begin=st.integers(8, 32),
    end=st.integers(8, 32),
    allowances=st.lists(st.integers(0, 60), max_size=20),
    portion=st.sampled_from([1, 2, 3, 256]),
)
def test_the_stream_is_the_same_however_the_socket_takes_it(
    own: list[Insert], begin: int, end: int, allowances: list[int], portion: int
) -> None:
    with Trickle(allowances) as sock, pytest.MonkeyPatch.context() as patch:
        patch.setattr("chatroom.server.outbox._PORTION_PIECES", portion)
        outbox, run = Outbox(sock), Run(10, FRAMES)
        outbox.begin, outbox.end = begin, end
        if not outbox.send_own(run, own):
            drain(outbox, run)
        assert bytes(sock.taken) == stream(run, own, begin, end)
        assert not outbox.waiting


@pytest.mark.parametrize(("length", "portions"), [(2, 16), (5000, 39)])
def test_many_pieces_are_sent_in_portions(
    outbox: Outbox, sock: Trickle, length: int, portions: int
) -> None:
    """None has far more bytes than a socket takes at once."""
    run = Run(10, [b"a" * (length - 1) + b"\n"] * 2000)
    own = [reply(10 + number, b"%d\n" % number) for number in range(2000)]
    assert outbox.send_own(run, own)
    assert sock.taken == stream(run, own, 10, 3000)
    assert max(sock.offered) < 300_000
    assert sock.calls <= portions


def test_what_a_socket_takes_costs_the_same_however_much_waits() -> None:
    """A reader whose socket takes little at a time is not offered all the rest each time."""
    run = Run(10, [b"a" * 4999 + b"\n"] * 2000)
    own = [reply(10 + number, b"%d\n" % number) for number in range(2000)]
    with Trickle([50_000] * 300) as sock:
        outbox = Outbox(sock)
        outbox.begin = 10
        assert not outbox.send_own(run, own)
        drain(outbox, run)
        assert sock.taken == stream(run, own, 10, 3000)
        assert sum(sock.offered) < 10 * len(sock.taken)


def test_what_waits_is_sent_up_to_its_place(outbox: Outbox, sock: Trickle) -> None:
    """What goes behind the run of the moment waits on."""
    outbox.defer([reply(10), instead(11), reply(13)])
    assert outbox.send_own(Run(10, FRAMES[:2]))
    assert sock.taken == b"reply\n" + FRAMES[0] + b"mine\n"
    assert list(outbox.waiting) == [reply(13)]
    assert outbox.send_own(Run(12, FRAMES[2:4]))
    assert sock.taken.endswith(b"mine\n" + FRAMES[2] + b"reply\n" + FRAMES[3])
    assert not outbox.waiting


def test_direct_messages_are_left_to_the_inbox(outbox: Outbox) -> None:
    """Only which of them were passed over is remembered."""
    outbox.defer([reply(10)])
    assert outbox.direct.first == 0
    outbox.defer([Insert(10, b"psst\n", 10, inbox=seq) for seq in (4, 5)])
    outbox.defer([reply(10), Insert(10, b"psst\n", 10, inbox=6), reply(11)])
    assert (outbox.direct.first, outbox.direct.until) == (4, 7)
    assert list(outbox.waiting) == [reply(10), reply(10), reply(11)]


def test_direct_messages_that_a_socket_does_not_take_are_left_to_the_inbox(
    outbox: Outbox, sock: Trickle
) -> None:
    """All behind the one that it took in part, in this portion and in later ones."""
    sock.allow(7)  # one of five bytes, and two bytes of the next
    own = [Insert(10, b"psst\n", 10, inbox=seq) for seq in range(4, 1004)]
    assert not outbox.send_own(Run(10, FRAMES), [*own, reply(11), instead(12)])
    assert outbox.missing == b"st\n"
    assert (outbox.direct.first, outbox.direct.until) == (6, 1004)
    assert list(outbox.waiting) == [reply(11), instead(12)]


def test_a_frame_without_a_place_can_be_sent_in_part(outbox: Outbox, sock: Trickle) -> None:
    sock.allow(3, 0, 1)
    assert not outbox.send_frame(b"roster\n")
    assert not outbox.send_missing()
    assert not outbox.send_missing()
    assert outbox.send_missing()
    assert sock.taken == b"roster\n"


def test_a_socket_that_is_full_keeps_everything(outbox: Outbox) -> None:
    """Both ways of sending take EAGAIN for what it is."""
    with full_pair() as (near, far):
        outbox = Outbox(near)
        outbox.begin = 10
        run = Run(10, [b"%07d\n" % number for number in range(100_000)])
        assert not outbox.send_same(run)
        assert not outbox.send_own(Run(outbox.position), [reply(outbox.position)])
        assert not outbox.send_own(Run(outbox.position), [reply(outbox.position)] * 2)
        assert not outbox.dead
        arrived = far.recv(1 << 20)
        assert run.data.startswith(arrived)


@pytest.mark.parametrize("count", [1, 2, 500])
def test_who_is_gone_is_dead(count: int) -> None:
    near, far = socket.socketpair()
    far.close()
    with near:
        outbox = Outbox(near)
        outbox.defer([reply(10)])
        assert not outbox.send_own(Run(10), [reply(10)] * count)
        assert outbox.dead
        assert not outbox.waiting
        assert not outbox.missing


def test_the_end_of_the_stream_can_be_seen() -> None:
    with full_pair() as (near, far):
        outbox = Outbox(near)
        assert outbox.say_farewell()  # there is none
        outbox.farewell = b"bye\n"
        assert outbox.say_farewell()
        assert outbox.say_farewell()  # and no more than one
        outbox.finish()
        assert (far.recv(100), far.recv(100)) == (b"bye\n", b"")
        assert (outbox.finished, outbox.dead) == (True, False)
        far.sendall(b"still read")
        assert near.recv(100) == b"still read"


def test_a_stream_that_cannot_end_is_dead() -> None:
    with socket.socket() as never_connected:
        outbox = Outbox(never_connected)
        outbox.finish()
        assert outbox.dead


def test_giving_up_wakes_the_reading_thread() -> None:
    """It waits in recv for what the client sends."""
    with full_pair() as (near, _):
        outbox = Outbox(near)
        read: list[bytes] = []
        thread = threading.Thread(target=lambda: read.append(near.recv(100)))
        thread.start()
        outbox.kill()
        thread.join(DEADLINE)
        assert read == [b""]


def test_closing_gives_the_descriptor_back_and_forgets_the_deadline() -> None:
    timers = Timers()
    late: list[str] = []
    with full_pair() as (near, _):
        outbox = Outbox(near)
        outbox.deadline = timers.after(0, lambda: late.append("late"))
        assert outbox.fileno() == near.fileno()
        outbox.close()
        assert near.fileno() == -1
        outbox.kill()  # nothing is wrong with that
    ran = threading.Event()
    timers.after(0, ran.set)
    timers.start()
    assert ran.wait(DEADLINE)
    timers.stop()
    assert late == []


class Waiting:
    """A reading thread that asks for room, and says when it has it."""

    def __init__(self, outbox: Outbox) -> None:
        self.done = threading.Event()
        self._outbox = outbox
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        self._outbox.debt.await_room()
        self.done.set()

    def join(self) -> bool:
        """Wait for the thread and return whether it went on."""
        self._thread.join(DEADLINE)
        return self.done.is_set()


def test_replies_within_the_bound_are_not_waited_for(outbox: Outbox) -> None:
    assert outbox.debt.owe(OUTBOX_BYTES) == OUTBOX_BYTES
    outbox.debt.await_room()


def test_the_reading_thread_goes_on_when_enough_was_sent(outbox: Outbox, sock: Trickle) -> None:
    """Replies are paid for when their last byte is sent: at once, or later."""
    for weight in (OUTBOX_BYTES // 2, OUTBOX_BYTES // 2, 100, 50):
        outbox.debt.owe(weight)
    waiting = Waiting(outbox)
    sock.allow(7, 0)
    own = [reply(10, weight=50), reply(10, weight=100), reply(10, weight=OUTBOX_BYTES // 2)]
    assert not outbox.send_own(Run(10), own)
    assert not outbox.send_missing()
    assert not waiting.done.is_set()  # 100 bytes too many are still outstanding
    assert outbox.send_missing()
    assert waiting.join()


def test_the_reading_thread_goes_on_when_the_connection_is_given_up(outbox: Outbox) -> None:
    outbox.debt.owe(OUTBOX_BYTES + 1)
    waiting = Waiting(outbox)
    outbox.kill()
    assert waiting.join()
    outbox.debt.owe(OUTBOX_BYTES)
    outbox.debt.await_room()


def test_the_bytes_that_are_missing_are_those_of_one_message() -> None:
    """Wherever the socket stops, what is kept is the rest of a single frame."""
    ends = set(accumulate(map(len, FRAMES)))
    run = Run(10, FRAMES)
    for taken in range(len(run.data)):
        with Trickle([taken]) as sock:
            outbox = Outbox(sock)
            assert not outbox.send_same(run)
            assert (not outbox.missing) == (taken == 0 or taken in ends)
