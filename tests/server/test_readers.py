"""Everyone who is sent something: those who keep up, and those who catch up."""

import json
import socket
from collections.abc import Iterable, Iterator
from contextlib import ExitStack

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatroom.log.base import ROOM, Entry, StoreError
from chatroom.log.memory import MemoryStore
from chatroom.server.face import LINES, Framing
from chatroom.server.outbox import Outbox
from chatroom.server.readers import PIECES
from chatroom.server.round import Round
from chatroom.web.websocket import MESSAGES
from tests.server.scene import Kind, Scene, Step, Turn, turns
from tests.server.stage import (
    Trickle,
    account,
    accounts_in,
    catch_up,
    frames,
    full_pair,
    readers_of,
)

FRAMINGS = st.sampled_from([LINES, MESSAGES])

EVERYTHING: tuple[Kind, ...] = (
    "others", "others", "own", "own", "reply", "private", "roster", "join", "return", "part",
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(
    plan=turns(*EVERYTHING),
    tail_bytes=st.sampled_from([0, 300, 1 << 20]),
    entries=st.sampled_from([1, 2, 3, 64]),
    framing=FRAMINGS,
    ahead=st.booleans(),
    bye=st.booleans(),
)
def test_a_reader_gets_the_same_stream_however_its_socket_takes_it(
    plan: list[Turn], tail_bytes: int, entries: int, framing: Framing, *, ahead: bool, bye: bool
) -> None:
    """Only direct messages and rosters may come later, and each of the former exactly once."""
    if bye:
        plan = [*plan, Turn([Step("bye", "x")], [0, 3], 1)]
    with ExitStack() as stack:
        scene = Scene(stack, capacity=1000, tail_bytes=tail_bytes, entries=entries, framing=framing)
        scene.play_out(plan, ahead=ahead)
        arrived = scene.arrived
        told = scene.told
        private = [frame for frame in arrived if b'"direct_message"' in frame]
        rosters = [frame for frame in arrived if b'"update_users"' in frame]
        rest = [frame for frame in arrived if frame not in {*private, *rosters}]
        assert rest == told.stream + [b"bye\n"] * bye
        assert private == told.private
        assert rosters[-1:] == told.rosters[-1:]
        assert len(set(rosters)) == len(rosters) <= len(told.rosters)
        assert arrived[-1:] == [b"bye\n"] or not bye
        assert scene.outbox.finished is bye
        assert not scene.selector.get_map()


@settings(max_examples=200, deadline=None)
@given(
    plan=turns("others", "own", "private", "reply"),
    entries=st.sampled_from([1, 2, 3, 64]),
    framing=FRAMINGS,
    ahead=st.booleans(),
)
def test_what_the_log_has_forgotten_is_passed_over_and_all_else_arrives(
    plan: list[Turn], entries: int, framing: Framing, *, ahead: bool
) -> None:
    with ExitStack() as stack:
        scene = Scene(stack, capacity=3, tail_bytes=0, entries=entries, framing=framing)
        scene.play_out([Turn([Step("join", "x")], [], 0), *plan], ahead=ahead)
        public = [frame for frame in scene.arrived if b'"direct_message"' not in frame]
        rest = [frame for frame in public if b'"gap"' not in frame]
        lost = [frame for frame in scene.told.public if frame not in rest]
        assert rest == [frame for frame in scene.told.stream if frame not in lost]
        private = [frame for frame in scene.arrived if b'"direct_message"' in frame]
        unheard = set(scene.told.private) - set(private)
        assert _missing(scene.arrived, "inbox") == _places(unheard)
        missing = _missing(scene.arrived, "room")
        assert missing >= _places(lost)  # and of its own words only their places
        assert not missing & _places(rest)
        kept = scene.store.read(ROOM, 0, 1000)
        assert not {entry.seq for entry in kept} & _places(lost)


def _places(frames: Iterable[bytes]) -> set[int]:
    """Return the places of the entries among some frames, some of which may be no JSON."""
    return {json.loads(frame)["seq"] for frame in frames if b'"seq"' in frame}


def _missing(frames: list[bytes], log: str) -> set[int]:
    """Return the places that a reader was told are missing."""
    gaps = [json.loads(frame) for frame in frames if b'"gap"' in frame]
    told = [gap for gap in gaps if gap["log"] == log]
    assert all(gap["reason"] == "retention" for gap in told)
    return {place for gap in told for place in range(gap["from"], gap["to"] + 1)}


@pytest.fixture
def scene() -> Iterator[Scene]:
    """A reader who is in the room, with a tail that keeps one round."""
    with ExitStack() as stack:
        scene = Scene(stack, capacity=1000, tail_bytes=0)
        scene.play_out([Turn([Step("join", "x")], [], 0)])
        scene.sock.taken.clear()
        scene.told.stream.clear()
        yield scene


def test_one_who_catches_up_does_not_hear_its_own_words() -> None:
    """Its message is the first of a round, right behind the one that it missed."""
    with ExitStack() as stack:
        scene = Scene(stack, capacity=1000, tail_bytes=1 << 20)
        scene.play_out(
            [
                Turn([Step("join", "x")], [], 0),
                Turn([Step("others", "one")], [0], 0),
                Turn([Step("own", "two")], [], 0),
            ]
        )
        assert scene.arrived == scene.told.stream


def test_who_reads_the_log_gets_nothing_twice_that_is_committed_and_not_sent(scene: Scene) -> None:
    """The log is ahead of the delivery, which sends the rest in its own time."""
    scene.play_out(
        [
            Turn([Step("others", "one"), Step("private", "psst")], [0], 0),
            Turn([Step("others", "two")], [], 1),
            Turn([Step("others", "three"), Step("private", "again")], [], 0),
        ],
        ahead=True,
    )
    arrived = scene.arrived
    assert sorted(arrived) == sorted(scene.told.stream + scene.told.private)


def test_the_bye_comes_behind_the_direct_messages_that_were_passed_over(scene: Scene) -> None:
    scene.play_out([Turn([Step("private", "psst")], [0], 0), Turn([Step("bye", "x")], [], 0)])
    assert scene.arrived == [*scene.told.private, b"bye\n"]
    assert scene.outbox.finished


def test_a_bye_that_the_socket_does_not_take_is_sent_later(scene: Scene) -> None:
    scene.play_out([Turn([Step("bye", "x")], [1, 1], 0)])
    assert scene.sock.taken == b"bye\n"
    assert scene.outbox.finished
    assert not scene.selector.get_map()


def test_those_whose_socket_is_full_lag_until_they_have_caught_up(scene: Scene) -> None:
    assert scene.readers.lagging == 0
    scene.play([Turn([Step("others", "one")], [3], 0)])
    assert scene.readers.lagging == 1
    catch_up(scene.readers, scene.outbox)
    assert scene.readers.lagging == 0


def test_a_reader_whose_messages_are_all_forgotten_is_not_tried_for_ever() -> None:
    """A store that keeps little may keep direct messages alone."""
    with ExitStack() as stack:
        scene = Scene(stack, capacity=2, tail_bytes=0)
        private = Step("private", "psst")
        scene.play_out(
            [
                Turn([Step("join", "x")], [], 0),
                Turn([Step("others", "one")], [0], 0),
                Turn([Step("others", "two"), private, private], [], 0),
            ]
        )
        assert not scene.outbox.stalled
        assert scene.arrived[-2:] == scene.told.private


def test_what_is_forgotten_before_the_first_turn_is_told_behind_the_answer() -> None:
    """Whoever comes back to a store that keeps little hears first that it is back."""
    with ExitStack() as stack:
        scene = Scene(stack, capacity=3, tail_bytes=0)
        scene.play_out(
            [
                Turn([Step("others", f"{n}") for n in range(3)], [], 0),
                Turn([Step("return", "xxx"), Step("reply", "pong")], [], 0),
                Turn([Step("others", f"{n}") for n in range(2)], [], 0),
            ]
        )
        kinds = [json.loads(frame).get("type") for frame in scene.arrived if b"{" in frame]
        assert scene.arrived[0] == b"resumed\n"
        assert kinds == ["gap", *["broadcast"] * 3]
        assert _missing(scene.arrived, "room") == {1, 2}


class BrokenStore(MemoryStore):
    """A store that cannot be read."""

    def read(self, log: int, after: int, limit: int) -> list[Entry]:
        """Fail."""
        raise StoreError(f"entry {after} of log {log} and {limit} more cannot be read.")


def test_a_reader_whose_missed_messages_cannot_be_read_is_given_up(
    caplog: pytest.LogCaptureFixture,
) -> None:
    store = BrokenStore()
    with (
        accounts_in(store, "bob") as accounts,
        readers_of(store, accounts, tail_bytes=0) as (readers, selector),
        Trickle([0]) as sock,
    ):
        outbox = Outbox(sock)
        readers.join(outbox, account(accounts, "bob"), 1)
        for text in (b"one\n", b"two\n"):
            work = Round(readers.head + 1)
            work.add(text)
            readers.send(work)
        catch_up(readers, outbox)
        assert outbox.dead
        assert not selector.get_map()
        assert "entry 0 of log 1" in caplog.text
        outbox.released = True
        readers.settle(outbox)
        assert sock.fileno() == -1


def test_who_is_gone_costs_the_others_nothing() -> None:
    """Its socket fails, with something of its own and without; the next reader gets all."""
    store = MemoryStore()
    with (
        accounts_in(store, "alice", "bob", "carol") as accounts,
        readers_of(store, accounts) as (readers, selector),
        Trickle() as near,
        socket.socket(socket.AF_UNIX) as first,  # which nobody is connected to
        socket.socket(socket.AF_UNIX) as second,
    ):
        here = Outbox(near)
        gone = [Outbox(first), Outbox(second)]
        for outbox, name in zip((*gone, here), ("alice", "bob", "carol"), strict=True):
            readers.join(outbox, account(accounts, name), 1)
        work = Round(1)
        work.insert(gone[0], b"reply\n")
        work.add(b"hello\n")
        readers.send(work)
        assert [outbox.dead for outbox in (*gone, here)] == [True, True, False]
        assert near.taken == b"hello\n"
        assert not selector.get_map()


def test_everyone_in_the_room_is_gone_through_and_found_by_account() -> None:
    store = MemoryStore()
    with (
        accounts_in(store, "alice", "bob") as accounts,
        readers_of(store, accounts) as (readers, _),
        Trickle() as first,
        Trickle() as second,
        Trickle() as third,
    ):
        alice, bob = account(accounts, "alice"), account(accounts, "bob")
        one, two, three = Outbox(first), Outbox(second), Outbox(third)
        readers.join(one, alice, 1)
        readers.join(two, alice, 1)
        readers.join(three, bob, 1)
        assert list(readers) == [one, two, three]
        assert readers.present == 3
        assert (list(readers.of(alice)), list(readers.of(bob))) == ([one, two], [three])
        readers.part(one, 1)
        readers.part(three, 1)
        assert list(readers) == list(readers.of(alice)) == [two]
        assert not list(readers.of(bob))
        readers.part(three, 1)  # who is not there cannot go
        readers.part(Outbox(first), 1)
        assert readers.present == 1


def test_a_reader_who_is_far_behind_leaves_the_others_their_turn() -> None:
    """Even with a socket that takes everything, catching up takes several turns."""
    with ExitStack() as stack:
        scene = Scene(stack, capacity=1000, tail_bytes=1 << 20)
        scene.play([Turn([Step("join", "x")], [0], 0)])
        scene.play([Turn([Step("others", "hello")], [], 0)] * (2 * PIECES))
        scene.readers.take_up([scene.outbox])
        scene.readers.resume()
        assert scene.outbox.stalled
        assert len(scene.arrived) == 1 + PIECES  # the welcome comes first
        catch_up(scene.readers, scene.outbox)
        assert scene.arrived == scene.told.stream


class Crowd:
    """Some readers whose sockets were full once and would take everything now.

    Args:
        stack: closes what they need.
        count: how many there are.
        rounds: how many rounds they are behind, each a piece.
    """

    def __init__(self, stack: ExitStack, count: int, rounds: int) -> None:
        store = MemoryStore()
        accounts = stack.enter_context(accounts_in(store, "alice"))
        self.readers, _ = stack.enter_context(readers_of(store, accounts))
        self.socks = [stack.enter_context(Trickle([0])) for _ in range(count)]
        self.outboxes = [Outbox(sock) for sock in self.socks]
        for outbox in self.outboxes:
            self.readers.join(outbox, account(accounts, "alice"), 1)
        for _ in range(rounds):
            work = Round(self.readers.head + 1)
            work.add(b"hello\n")
            self.readers.send(work)

    @property
    def pieces(self) -> list[int]:
        """How much each has been sent."""
        return [len(frames(sock.taken)) for sock in self.socks]


@pytest.mark.parametrize("count", [1, 3, 20, PIECES, PIECES + 1, 5 * PIECES])
def test_those_who_are_behind_get_no_more_together_than_one_would(count: int) -> None:
    with ExitStack() as stack:
        crowd = Crowd(stack, count, 2 * PIECES)
        crowd.readers.take_up(crowd.outboxes)
        while crowd.readers.ready:
            before = sum(crowd.pieces)
            crowd.readers.resume()
            assert 0 < sum(crowd.pieces) - before <= PIECES
        assert set(crowd.pieces) == {max(1, PIECES // count)}  # each had its turn


def test_one_who_is_given_up_before_its_turn_costs_nothing() -> None:
    with ExitStack() as stack:
        crowd = Crowd(stack, 2, PIECES)
        crowd.readers.take_up(crowd.outboxes)
        crowd.outboxes[0].kill()
        crowd.readers.settle(crowd.outboxes[0])
        crowd.readers.resume()
        assert crowd.pieces == [0, PIECES // 2]
        assert not crowd.readers.ready


def test_nobody_has_a_turn_if_nobody_is_ready() -> None:
    with ExitStack() as stack:
        crowd = Crowd(stack, 1, 1)
        crowd.readers.take_up([])
        crowd.readers.resume()
        assert crowd.pieces == [0]


def test_real_sockets_get_everything_through_a_selector() -> None:
    """Ten thousand messages through the smallest buffers that the system has."""
    store = MemoryStore()
    with (
        accounts_in(store, "alice") as accounts,
        readers_of(store, accounts) as (readers, selector),
        full_pair() as (near, far),
    ):
        outbox = Outbox(near)
        readers.join(outbox, account(accounts, "alice"), 1)
        expected = b""
        for first in range(0, 10_000, 100):
            work = Round(readers.head + 1)
            for number in range(first, first + 100):
                work.add(b"message %d\n" % number)
            work.insert(outbox, b"reply %d\n" % first)
            readers.send(work)
            expected += work.run().data + b"reply %d\n" % first
        assert selector.get_map()
        arrived = b""
        while len(arrived) < len(expected):
            arrived += far.recv(65536)
            readers.take_up([key.data for key, _ in selector.select(0)])
            readers.resume()
        assert arrived == expected
        assert not selector.get_map()
