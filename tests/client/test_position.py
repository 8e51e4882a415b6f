import pytest

from chatroom.client import position as position_module
from chatroom.client.events import Gap
from chatroom.client.kept import Place
from chatroom.client.position import Position
from chatroom.client.wire import LineBroken


def _at(seq: int, *, ask_again: bool = True) -> Position:
    return Position("room", Place("e", seq), ask_again=ask_again)


def test_where_it_stands_is_known_once_the_server_has_said_so() -> None:
    position = Position("room")
    assert position.place is None
    position.move("e", 41)
    assert position.place == Place("e", 41)


def test_the_first_entry_says_where_we_came_in_if_nothing_else_does() -> None:
    position = Position("room")
    assert position.reach("e", 41) is None
    assert position.place == Place("e", 41)


def test_what_lies_behind_is_known() -> None:
    position = _at(7)
    assert [position.has("e", seq) for seq in (6, 7, 8)] == [True, True, False]
    assert not position.has("another", 7)


@pytest.mark.parametrize("prev", [3, 7])
def test_an_entry_behind_which_nothing_is_missing_can_be_reached(prev: int) -> None:
    position = _at(7)
    assert position.reach("e", prev) is None
    assert position.seq == 7


def test_a_hole_is_asked_for_once_and_then_passed() -> None:
    position = _at(7)
    with pytest.raises(LineBroken, match="asked for again"):
        position.reach("e", 9)
    assert position.seq == 7
    assert position.reach("e", 10) == Gap("room", 8, 10, 3, "hole")
    assert position.seq == 10


def test_each_hole_is_asked_for() -> None:
    position = _at(7)
    for _ in range(2):
        with pytest.raises(LineBroken):
            position.reach("e", position.seq + 2)
        position.move("e", position.seq + 2)


def test_where_asking_again_is_out_of_the_question_a_hole_is_passed_at_once() -> None:
    position = _at(7, ask_again=False)
    assert position.reach("e", 9) == Gap("room", 8, 9, 2, "hole")


def test_another_incarnation_that_nobody_has_told_of_is_a_hole() -> None:
    position = _at(7)
    with pytest.raises(LineBroken):
        position.reach("new", 2)
    assert position.reach("new", 2) == Gap("room", 1, 2, 2, "hole")
    assert position.place == Place("new", 2)


def test_own_places_ahead_are_known_once_they_are_reached() -> None:
    position = _at(7)
    for seq in (8, 10, 12):
        position.remember("e", seq)
    assert [position.take_own(seq) for seq in (8, 9, 10)] == [True, False, True]
    assert position.own == {12}


def test_own_places_that_are_passed_are_forgotten() -> None:
    position = _at(7)
    for seq in (8, 9, 10):
        position.remember("e", seq)
    position.move("e", 9)
    assert position.own == {10}


@pytest.mark.parametrize(("epoch", "seq"), [("new", 20), ("e", 3)])
def test_own_places_that_no_longer_are_what_they_were_are_forgotten(epoch: str, seq: int) -> None:
    """In another incarnation, and in a log that was put back, they hold other entries."""
    position = _at(7)
    position.remember("e", 8)
    position.move(epoch, seq)
    assert position.own == set()


def test_own_places_of_another_incarnation_are_not_remembered() -> None:
    position = _at(7)
    position.remember("old", 8)
    assert position.own == set()


def test_no_more_own_places_are_remembered_than_there_may_be(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(position_module, "OWN_PLACES", 2)
    position = _at(7)
    for seq in (8, 9, 10):
        position.remember("e", seq)
    assert position.own == {8, 9}
