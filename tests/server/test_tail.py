"""The newest public messages, for readers who are a little behind."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatroom.server.face import LINES
from chatroom.server.tail import Run, Tail

frames = st.lists(st.binary(min_size=1, max_size=9), min_size=1, max_size=9)


class Boxes:
    """A framing that makes a line longer, for readers of another face."""

    def __init__(self) -> None:
        self.asked = 0
        """How often something was framed."""

    def frame(self, lines: bytes) -> bytes:
        """Return `lines` in brackets."""
        self.asked += 1
        return b"[%d:%b]" % (len(lines), lines)

    def farewell(self, lines: bytes) -> bytes:
        """Return them likewise."""
        return self.frame(lines)


@given(frames)
def test_a_run_is_its_messages_joined(found: list[bytes]) -> None:
    run = Run(7, found)
    assert (run.first, run.next, run.data) == (7, 7 + len(found), b"".join(found))


@given(frames, st.data())
def test_a_run_can_be_cut_at_places(found: list[bytes], data: st.DataObject) -> None:
    run = Run(7, found)
    start = data.draw(st.integers(7, run.next))
    stop = data.draw(st.integers(start, run.next))
    assert run.cut(start, stop) == b"".join(found[start - 7 : stop - 7])


@given(frames, st.data())
def test_a_run_knows_how_far_some_bytes_reach(found: list[bytes], data: st.DataObject) -> None:
    """What was sent, what is missing of its last message, and the rest are the whole."""
    run = Run(7, found)
    start = data.draw(st.integers(7, run.next))
    behind = bytes(run.cut(start, run.next))
    count = data.draw(st.integers(0, len(behind)))
    place, missing = run.locate(start, count)
    assert behind[:count] + missing + bytes(run.cut(place, run.next)) == behind
    assert len(missing) < max(map(len, found))


def test_a_run_may_be_empty() -> None:
    run = Run(7)
    assert (run.first, run.next, run.data) == (7, 7, b"")
    assert bytes(run.cut(7, 7)) == b""


@given(st.lists(frames, max_size=9), st.integers(0, 60))
def test_the_tail_keeps_the_newest_runs(rounds: list[list[bytes]], limit: int) -> None:
    """The newest run always, and of those before it as many as there is room for."""
    tail, runs, place = Tail(limit), list[Run](), 1
    for found in rounds:
        runs.append(Run(place, found))
        tail.add(runs[-1])
        place = runs[-1].next
    kept = [run for run in runs if tail.find(run.first) is run]
    assert kept == runs[len(runs) - len(kept) :]
    assert kept or not runs
    assert len(kept) <= 1 or sum(len(run.data) for run in kept) <= limit
    if len(kept) < len(runs):
        assert sum(len(run.data) for run in runs[len(runs) - len(kept) - 1 :]) > limit
    for run in kept:
        assert all(tail.find(place) is run for place in range(run.first, run.next))


@pytest.mark.parametrize("place", [0, 4, 8])
def test_what_is_not_in_the_tail_is_not_found(place: int) -> None:
    tail = Tail(100)
    assert tail.find(place) is None
    tail.add(Run(5, [b"a", b"b"]))
    tail.add(Run(7, [b"c"]))
    assert tail.find(place) is None


@given(frames, st.data())
def test_a_run_as_a_face_sends_it_is_a_run_of_its_messages(
    found: list[bytes], data: st.DataObject
) -> None:
    """Cut and located as if each message had been framed alone; made once."""
    boxes = Boxes()
    framed, alone = Run(7, found).framed(boxes), Run(7, [Boxes().frame(each) for each in found])
    start = data.draw(st.integers(7, alone.next))
    stop = data.draw(st.integers(start, alone.next))
    assert (framed.first, framed.next, framed.data) == (alone.first, alone.next, alone.data)
    assert framed.cut(start, stop) == alone.cut(start, stop)
    count = data.draw(st.integers(0, len(alone.cut(start, alone.next))))
    assert framed.locate(start, count) == alone.locate(start, count)
    assert boxes.asked == len(found)


def test_a_run_is_framed_once_for_each_face_and_counts_what_that_takes() -> None:
    run, boxes = Run(7, [b"a", b"bc"]), Boxes()
    assert run.framed(LINES) is run
    assert run.size == 3
    framed = run.framed(boxes)
    assert run.framed(boxes) is framed
    assert run.size == 3 + len(framed.data)
    assert run.framed(Boxes()) is not framed
    assert Run(7).framed(boxes).data == b""


@given(st.lists(frames, min_size=1, max_size=9), st.integers(0, 60), st.data())
def test_the_tail_is_as_large_as_it_may_be_in_all_framings(
    rounds: list[list[bytes]], limit: int, data: st.DataObject
) -> None:
    """Whichever of its runs somebody asks for as another face has it, and when."""
    tail, runs, place, boxes = Tail(limit), list[Run](), 1, Boxes()
    for found in rounds:
        runs.append(Run(place, found))
        tail.add(runs[-1])
        place = runs[-1].next
        if data.draw(st.booleans()):
            tail.framed(runs[-1], boxes)
        asked = data.draw(st.integers(0, place))
        framed = tail.find(asked, boxes)
        if framed is not None:
            (run,) = (run for run in runs if run.first <= asked < run.next)
            assert framed is run.framed(boxes)
        kept = [run for run in runs if tail.find(run.first) is run]
        assert kept == runs[len(runs) - len(kept) :]
        assert len(kept) == 1 or sum(run.size for run in kept) <= limit
