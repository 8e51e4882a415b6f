"""Who is logged in on a connection, and whether it has ended."""

import socket
from collections.abc import Iterator

import pytest

from chatroom.log.base import Account
from chatroom.room.roster import Member
from chatroom.server.outbox import Outbox
from chatroom.server.presence import Leaver, Presence


@pytest.fixture
def member() -> Iterator[Member[Outbox]]:
    near, far = socket.socketpair()
    with near, far:
        yield Member(Account(1, "bob", "", 2), Outbox(near))


def test_it_leaves_once_with_its_session(member: Member[Outbox]) -> None:
    presence = Presence()
    assert presence.enter(member, b"digest")
    assert (presence.member, presence.session, presence.ended) == (member, b"digest", False)
    assert presence.leave() == Leaver(member, b"digest")
    assert presence.leave() is None
    assert (presence.member, presence.ended) == (None, True)


def test_nobody_enters_a_connection_that_has_ended(member: Member[Outbox]) -> None:
    presence = Presence()
    assert presence.leave() == Leaver(None, b"")
    assert not presence.enter(member, b"digest")
    assert presence.member is None


def test_a_password_that_is_being_checked_outlasts_the_time_to_log_in() -> None:
    presence = Presence()
    presence.check_begins()
    assert not presence.time_is_up()
    assert presence.check_ends()
    assert presence.time_is_up()


def test_whoever_is_in_has_all_the_time(member: Member[Outbox]) -> None:
    presence = Presence()
    presence.enter(member, b"digest")
    assert not presence.time_is_up()
    presence.leave()
    assert not presence.time_is_up()
