"""What the person who runs the server can do about somebody who misbehaves."""

from collections.abc import Iterator

import pytest

from chatroom.auth.desk import Desk, Expulsion
from chatroom.auth.networks import network_of
from chatroom.log.base import AddSession
from chatroom.log.memory import MemoryStore
from chatroom.log.rules import Act
from chatroom.protocol.errors import ErrorCode, ProtocolError
from tests.auth.desks import OPERATOR, Books, ask, desk_in
from tests.clock import Clock

ASK = "; ask the person who runs the server."


class Scene:
    """A desk for a room with bob in it, and what came of what was asked there."""

    def __init__(self, books: Books, desk: Desk, expelled: list[Expulsion]) -> None:
        self.books = books
        self.desk = desk
        self.expelled = expelled


@pytest.fixture
def scene() -> Iterator[Scene]:
    clock = Clock()
    books = Books(MemoryStore(clock=clock))
    expelled: list[Expulsion] = []
    with desk_in(books, "Bob", "10.0.0.1", clock=clock, expel=expelled.append) as desk:
        yield Scene(books, desk, expelled)


def refused(desk: Desk, command: str, **fields: object) -> ProtocolError:
    with pytest.raises(ProtocolError) as caught:
        ask(desk, command, **fields)
    assert caught.value.message.endswith(".")
    return caught.value


def test_an_account_is_banned_and_its_connections_are_ended(scene: Scene) -> None:
    scene.books.store.commit([AddSession(1, b"x")])
    reply = ask(scene.desk, "users_ban", who="bob", reason="spam", seconds=60)
    assert reply["message"] == "Bob is banned until 1970-01-01 00:17 UTC (spam)."
    sentence = f"Bob is banned here until 1970-01-01 00:17 UTC (spam){ASK}"
    assert scene.expelled == [Expulsion("banned", account=1, message=sentence)]
    assert scene.books.acts == [Act(OPERATOR, "ban", "Bob", "until 1970-01-01 00:17 UTC (spam)")]
    assert scene.books.store.session(b"x") is None
    assert ask(scene.desk, "users_bans")["lines"] == [
        "account Bob until 1970-01-01 00:17 UTC (spam)"
    ]


def test_a_network_is_banned_and_whoever_comes_from_it_is_ended(scene: Scene) -> None:
    reply = ask(scene.desk, "users_ban", who="203.0.113.9/24")
    assert reply["message"] == "203.0.113.0/24 is banned for good."
    (expulsion,) = scene.expelled
    assert expulsion.message == f"This address is banned here for good{ASK}"
    assert expulsion.network == network_of("203.0.113.0/24")
    ask(scene.desk, "users_ban", who="2001:db8::5/128")
    assert ask(scene.desk, "users_bans")["lines"] == [
        "address 203.0.113.0/24 for good",
        "address 2001:db8::5 for good",
    ]


def test_what_reads_like_an_address_is_one_unless_it_is_said_to_be_a_name(scene: Scene) -> None:
    ask(scene.desk, "users_ban", who="10.0.0.1")
    ask(scene.desk, "users_ban", who="10.0.0.1", is_account=True)
    assert ask(scene.desk, "users_bans")["lines"] == [
        "address 10.0.0.1 for good",
        "account 10.0.0.1 for good",
    ]
    ask(scene.desk, "users_unban", who="10.0.0.1", is_account=True)
    assert ask(scene.desk, "users_bans")["lines"] == ["address 10.0.0.1 for good"]


def test_a_ban_is_lifted(scene: Scene) -> None:
    ask(scene.desk, "users_ban", who="bob")
    ask(scene.desk, "users_ban", who="2001:db8::5")
    assert ask(scene.desk, "users_unban", who="BOB")["message"] == "Bob is not banned any more."
    reply = ask(scene.desk, "users_unban", who="2001:db8::6")
    assert reply["message"] == "2001:db8::/64 is not banned any more."
    assert ask(scene.desk, "users_bans")["lines"] == []
    assert len(scene.expelled) == 2


def test_a_ban_that_is_not_there_is_not_lifted(scene: Scene) -> None:
    problem = refused(scene.desk, "users_unban", who="bob")
    assert problem.message == "There is no ban of Bob; 'chatroom users bans' lists all."
    ask(scene.desk, "users_ban", who="203.0.113.0/24")
    problem = refused(scene.desk, "users_unban", who="203.0.113.9")
    assert problem.message == (
        "There is no ban of 203.0.113.9 itself but one of 203.0.113.0/24; lift that."
    )


def test_whoever_is_kicked_loses_connections_and_sessions_alone(scene: Scene) -> None:
    scene.books.store.commit([AddSession(1, b"x")])
    reply = ask(scene.desk, "users_kick", username="bob", reason="have a break")
    assert reply["message"] == "Bob is shown out and can come in again with the password."
    sentence = "You were shown out by the person who runs the server (have a break)."
    assert scene.expelled == [Expulsion("kicked", account=1, message=sentence)]
    assert scene.books.acts == [Act(OPERATOR, "kick", "Bob", "have a break")]
    assert scene.books.store.session(b"x") is None
    scene.desk.bans.check(scene.desk.accounts.existing("bob"), "127.0.0.1")
    ask(scene.desk, "users_kick", username="bob")
    assert scene.expelled[-1].message == "You were shown out by the person who runs the server."


def test_a_ban_goes_with_its_account(scene: Scene) -> None:
    ask(scene.desk, "users_ban", who="bob")
    ask(scene.desk, "users_remove", username="bob")
    assert ask(scene.desk, "users_bans")["lines"] == []
    assert scene.expelled[-1] == Expulsion("account_removed", account=1)


@pytest.mark.parametrize(
    ("command", "fields", "code"),
    [
        ("users_ban", {"who": "carol"}, ErrorCode.INVALID_USERNAME),
        ("users_unban", {"who": "carol"}, ErrorCode.INVALID_USERNAME),
        ("users_kick", {"username": "carol"}, ErrorCode.INVALID_USERNAME),
        ("users_kick", {"username": "127.0.0.1"}, ErrorCode.INVALID_USERNAME),
        ("users_ban", {"who": "203.0.113.0/33"}, ErrorCode.INVALID_FIELD),
        ("users_ban", {"who": "2001:db8:::1"}, ErrorCode.INVALID_FIELD),
        ("users_ban", {"who": "bob", "seconds": 0}, ErrorCode.INVALID_FIELD),
        ("users_ban", {"who": "bob", "seconds": 1e12}, ErrorCode.INVALID_FIELD),
        ("users_ban", {"who": "bob", "reason": "two\nlines"}, ErrorCode.INVALID_FIELD),
        ("users_ban", {"who": "bob", "reason": "x" * 501}, ErrorCode.INVALID_FIELD),
        ("users_kick", {"username": "bob", "reason": "\x1b[31m"}, ErrorCode.INVALID_FIELD),
        ("users_kick", {"username": "bob", "reason": "\u202e"}, ErrorCode.INVALID_FIELD),
        ("users_kick", {"username": "bob", "reason": "\udfff"}, ErrorCode.INVALID_FIELD),
        ("users_ban", {}, ErrorCode.INVALID_FIELD),
    ],
)
def test_what_cannot_be_done_is_refused_and_changes_nothing(
    scene: Scene, command: str, fields: dict[str, object], code: ErrorCode
) -> None:
    assert refused(scene.desk, command, **fields).code is code
    assert (scene.books.acts, scene.expelled) == ([], [])


@pytest.mark.parametrize(
    ("expulsion", "concerned"),
    [
        (Expulsion("kicked", account=1), [True, False, False]),
        (Expulsion("banned", network=network_of("10.0.0.0/8")), [True, False, True]),
    ],
)
def test_an_expulsion_concerns_an_account_or_a_network(
    expulsion: Expulsion, concerned: list[bool]
) -> None:
    there = [(1, "10.0.0.1"), (2, "local"), (None, "::ffff:10.2.3.4")]
    assert [expulsion.concerns(*each) for each in there] == concerned
