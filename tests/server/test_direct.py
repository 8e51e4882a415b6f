"""Which direct messages are still to be sent."""

from chatroom.server.direct import Direct


def test_what_follows_is_added_to_what_was_passed_over_first() -> None:
    direct = Direct()
    assert direct.first == 0
    for place in (4, 5, 6):
        direct.add(place)
    assert (direct.first, direct.until) == (4, 7)


def test_whoever_comes_in_up_to_date_is_owed_nothing() -> None:
    direct = Direct()
    direct.begin(8, 8)
    assert (direct.first, direct.live) == (0, 8)


def test_whoever_comes_in_from_further_back_is_owed_what_is_between_and_what_follows() -> None:
    direct = Direct()
    direct.begin(3, 8)
    direct.add(8)
    assert (direct.first, direct.until, direct.live) == (3, 9, 8)


def test_when_all_is_sent_nothing_is_owed() -> None:
    direct = Direct()
    direct.add(4)
    direct.add(5)
    direct.go_on_at(5)
    assert direct.first == 5
    direct.go_on_at(6)
    assert direct.first == 0
    direct.add(6)
    assert direct.first == 6
    direct.forget()
    assert direct.first == 0
