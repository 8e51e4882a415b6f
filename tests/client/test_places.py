import pytest

from chatroom.client.events import Gap
from chatroom.client.kept import Place
from chatroom.client.places import Missing, Places
from chatroom.client.wire import Head, Inquiry, Lacking, LineBroken, Standing


def _at(room: int, inbox: int = 0) -> Places:
    """Positions that a line in this epoch has taken up."""
    places = Places({"room": Place("e", room), "inbox": Place("e", inbox)}, ask_again=True)
    places.enter({"room": Standing("e", room, room + 1), "inbox": Standing("e", inbox, inbox + 1)})
    return places


def _gaps(missing: list[Missing]) -> list[Gap]:
    return [each.gap for each in missing]


def test_the_first_line_says_where_we_stand_and_how_much_is_to_come() -> None:
    places = Places({}, ask_again=True)
    assert places.known() == {}
    assert places.enter({"room": Standing("e", 57, 8), "inbox": Standing("f", 3, 4)}) == 50
    assert places.known() == {"room": Place("e", 7), "inbox": Place("f", 3)}


def test_a_further_line_moves_nothing_and_says_how_much_is_to_come() -> None:
    places = _at(41, 3)
    assert places.enter({"room": Standing("e", 57, 42), "inbox": Standing("e", 5, 4)}) == 18
    assert places.known() == {"room": Place("e", 41), "inbox": Place("e", 3)}


def test_what_we_have_and_our_own_messages_are_not_to_come() -> None:
    """The server may begin further back than it needs to."""
    places = _at(41)
    for seq in (43, 58):
        places.room.remember("e", seq)
    assert places.enter({"room": Standing("e", 45, 30)}) == 3


def test_of_another_incarnation_all_is_to_come() -> None:
    assert _at(41).enter({"room": Standing("new", 5, 1)}) == 5


def test_nothing_is_to_come_from_a_log_that_ends_before_us() -> None:
    assert _at(41).enter({"room": Standing("e", 30, 31)}) == 0


def test_a_log_that_we_do_not_know_is_none_of_our_business() -> None:
    places = _at(41)
    assert places.enter({"topics": Standing("e", 5, 1)}) == 0
    assert list(places.lack(Lacking("topics", 1, 2, "retention"))) == []
    assert list(places.check(Inquiry({"topics": Head("e", 5)}))) == []


def test_what_the_server_no_longer_keeps_is_passed() -> None:
    places = _at(41)
    [missing] = places.lack(Lacking("room", 42, 50, "retention"))
    assert missing == Missing(places.room, Gap("room", 42, 50, 9, "retention"))
    assert places.room.place == Place("e", 50)


def test_what_is_no_longer_kept_and_we_have_is_no_gap() -> None:
    places = _at(41)
    assert list(places.lack(Lacking("room", 30, 41, "retention"))) == []
    assert _gaps(list(places.lack(Lacking("room", 30, 45, "retention")))) == [
        Gap("room", 42, 45, 4, "retention")
    ]


def test_entries_missing_before_a_gap_are_a_hole() -> None:
    places = _at(41)
    with pytest.raises(LineBroken):
        list(places.lack(Lacking("room", 44, 50, "retention")))
    assert _gaps(list(places.lack(Lacking("room", 44, 50, "retention")))) == [
        Gap("room", 42, 50, 9, "retention")
    ]
    assert places.room.place == Place("e", 50)


def test_a_log_that_was_put_back_goes_on_from_where_it_ends() -> None:
    places = _at(41)
    [missing] = places.lack(Lacking("room", 31, 41, "ahead"))
    assert missing.gap == Gap("room", 31, 41, 11, "ahead")
    assert places.room.place == Place("e", 30)


@pytest.mark.parametrize(
    ("first", "last", "missed"),
    [
        (1, 41, 41),  # made anew
        (31, 41, 11),  # restored from a backup that is older than what we have
        (42, 41, 0),  # restored, and we have nothing that is not in it
    ],
)
def test_another_incarnation_goes_on_from_what_both_share(
    first: int, last: int, missed: int
) -> None:
    places = _at(41)
    places.enter({"room": Standing("new", 60, first)})
    [told] = places.lack(Lacking("room", first, last, "epoch"))
    assert told.gap == Gap("room", first, last, missed, "epoch")
    assert places.room.place == Place("new", first - 1)


def test_another_incarnation_may_no_longer_keep_all_of_it() -> None:
    places = _at(41)
    places.enter({"room": Standing("new", 90, 50)})
    list(places.lack(Lacking("room", 31, 41, "epoch")))
    [told] = places.lack(Lacking("room", 31, 49, "retention"))
    assert told.gap == Gap("room", 31, 49, 19, "retention")
    assert places.room.place == Place("new", 49)


def test_a_reason_that_we_do_not_know_passes_what_it_names() -> None:
    places = _at(41)
    [told] = places.lack(Lacking("room", 42, 43, "censored"))
    assert told.gap == Gap("room", 42, 43, 2, "hole")
    assert places.room.place == Place("e", 43)


def test_a_head_that_we_have_reached_shows_nothing() -> None:
    places = _at(41, 3)
    assert list(places.check(Inquiry({"room": Head("e", 41), "inbox": Head("e", 3)}))) == []
    assert list(places.check(Inquiry())) == []


def test_a_head_above_us_shows_a_hole() -> None:
    places = _at(41, 3)
    heads = Inquiry({"room": Head("e", 41), "inbox": Head("e", 5)})
    with pytest.raises(LineBroken):
        list(places.check(heads))
    assert _gaps(list(places.check(heads))) == [Gap("inbox", 4, 5, 2, "hole")]
    assert places.inbox.place == Place("e", 5)


def test_a_head_of_another_incarnation_shows_a_hole() -> None:
    with pytest.raises(LineBroken):
        list(_at(41).check(Inquiry({"room": Head("new", 2)})))


def test_a_gap_is_told_before_a_hole_in_the_next_log_ends_the_line() -> None:
    places = _at(41, 3)
    heads = Inquiry({"room": Head("e", 43), "inbox": Head("e", 5)})
    with pytest.raises(LineBroken):
        list(places.check(heads))
    missing = places.check(heads)
    assert next(missing).gap == Gap("room", 42, 43, 2, "hole")
    with pytest.raises(LineBroken):
        next(missing)
