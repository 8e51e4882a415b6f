from hypothesis import given
from hypothesis import strategies as st

from chatroom.client.events import Gap
from chatroom.client.position import Position

_NOTHING_OUT = 1 << 30


def _at(seq: int) -> Position:
    position = Position("room")
    position.entry("e", seq, seq - 1, 0)
    return position


def test_what_was_said_before_we_came_is_no_gap() -> None:
    position = _at(50)
    assert not position.waiting
    assert position.seq == 50


def test_entries_in_a_row_leave_no_gap() -> None:
    position = _at(1)
    for seq in range(2, 10):
        position.entry("e", seq, seq - 1, 0)
    assert not position.waiting


def test_a_skipped_place_is_a_gap_when_nothing_of_ours_is_out() -> None:
    position = _at(1)
    position.entry("e", 5, 4, newest=3)
    assert position.waiting
    assert position.ripe(oldest=4) == [Gap("room", after=1, before=5, missed=3)]
    assert position.ripe(oldest=4) == []


def test_a_hole_waits_for_the_requests_that_were_out_and_their_confirmations_fill_it() -> None:
    position = _at(1)
    position.entry("e", 3, 2, newest=1)
    assert position.ripe(oldest=1) == []
    position.own("e", 2, newest=1)
    assert position.ripe(_NOTHING_OUT) == []
    assert not position.waiting


def test_an_own_confirmation_splits_a_hole() -> None:
    position = _at(1)
    position.entry("e", 9, 8, newest=1)
    position.own("e", 5, newest=1)
    assert position.ripe(_NOTHING_OUT) == [Gap("room", 1, 5, 3), Gap("room", 5, 9, 3)]


def test_own_confirmations_in_a_row_leave_no_gap() -> None:
    position = _at(1)
    position.own("e", 2, newest=1)
    position.own("e", 3, newest=2)
    position.entry("e", 4, 3, newest=2)
    assert not position.waiting


def test_a_confirmation_that_overtakes_the_messages_before_it_makes_no_gap() -> None:
    position = _at(1)
    position.own("e", 3, newest=1)
    assert position.ripe(_NOTHING_OUT) == []
    position.entry("e", 2, 1, newest=1)
    assert not position.waiting


def test_a_hole_that_is_being_filled_from_below_is_no_gap_yet() -> None:
    position = _at(1)
    position.own("e", 5, newest=1)
    for seq in (2, 3, 4):
        position.entry("e", seq, seq - 1, newest=1)
        assert position.ripe(_NOTHING_OUT) == []
    assert not position.waiting


def test_a_duplicate_confirmation_of_long_ago_changes_nothing() -> None:
    position = _at(7)
    position.own("e", 3, newest=1)
    assert (position.seq, position.waiting) == (7, False)


def test_another_epoch_is_another_log_of_which_we_missed_the_beginning() -> None:
    position = _at(7)
    position.entry("new", 3, 2, newest=0)
    assert position.ripe(_NOTHING_OUT) == [Gap("room", after=0, before=3, missed=2)]
    position.entry("newer", 1, 0, newest=0)
    assert not position.waiting


@given(st.lists(st.sampled_from(["heard", "own", "missed"]), min_size=1, max_size=60))
def test_exactly_what_was_missed_is_told(fates: list[str]) -> None:
    """Whatever happens to each entry, the gaps hold the missed ones and no others."""
    position = _at(1)
    for seq, fate in enumerate(fates, start=2):
        if fate == "heard":
            position.entry("e", seq, seq - 1, newest=0)
        elif fate == "own":
            position.own("e", seq, newest=0)
    end = len(fates) + 2
    position.entry("e", end, end - 1, newest=0)
    gaps = position.ripe(_NOTHING_OUT)
    told = [seq for gap in gaps for seq in range(gap.after + 1, gap.before)]
    assert told == [seq for seq, fate in enumerate(fates, start=2) if fate == "missed"]
    assert sum(gap.missed for gap in gaps) == len(told)
