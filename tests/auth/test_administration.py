"""What the person who runs the server can do with the accounts."""

from collections.abc import Iterator, Mapping

import pytest

from chatroom.auth.administration import perform
from chatroom.auth.desk import Desk
from chatroom.log.memory import MemoryStore
from chatroom.log.rules import Act
from chatroom.protocol import events
from chatroom.protocol.errors import ErrorCode, ProtocolError
from tests.auth.desks import OPERATOR, Books, desk_in


@pytest.fixture
def books() -> Books:
    """An empty store."""
    return Books(MemoryStore())


@pytest.fixture
def desk(books: Books) -> Iterator[Desk]:
    """The desk of a server on an empty store."""
    with desk_in(books) as desk:
        yield desk


def ask(desk: Desk, action: str, *names: str) -> Mapping[str, object]:
    """Ask for something; return the reply."""
    fields = dict(zip(("username", "password"), names, strict=False))
    return perform(desk, {"command": f"users_{action}", **fields}, OPERATOR)


def test_accounts_are_made_listed_changed_and_removed(desk: Desk, books: Books) -> None:
    assert ask(desk, "list") == {"type": "done", "users": []}
    made = ask(desk, "add", "Bob", "secret")
    assert made == {"type": "done", "message": "There is an account called Bob now."}
    assert ask(desk, "list")["users"] == ["Bob"]
    assert ask(desk, "passwd", "bob", "other")["message"] == "Bob has a new password."
    assert not desk.accounts.admit("bob", "other").new_user
    assert "Bob is gone" in str(ask(desk, "remove", "BOB")["message"])
    assert ask(desk, "list")["users"] == []
    assert books.acts == [
        Act(OPERATOR, "add", "Bob"),
        Act(OPERATOR, "passwd", "Bob"),
        Act(OPERATOR, "remove", "Bob"),
    ]


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({}, ErrorCode.UNKNOWN_COMMAND),
        ({"command": "users_rename"}, ErrorCode.UNKNOWN_COMMAND),
        ({"command": ["users_list"]}, ErrorCode.UNKNOWN_COMMAND),
        ({"command": "users_add", "username": "bob"}, ErrorCode.INVALID_FIELD),
        ({"command": "users_add", "username": "bob", "password": 1}, ErrorCode.INVALID_FIELD),
        ({"command": "users_remove"}, ErrorCode.INVALID_FIELD),
        ({"command": "users_remove", "username": "bob"}, ErrorCode.INVALID_USERNAME),
    ],
)
def test_what_cannot_be_done_is_refused(
    desk: Desk, request_: dict[str, object], code: ErrorCode
) -> None:
    with pytest.raises(ProtocolError) as caught:
        perform(desk, request_, OPERATOR)
    assert caught.value.code is code
    assert caught.value.message.endswith(".")


def test_half_a_character_is_refused_or_in_a_field_that_nobody_reads(desk: Desk) -> None:
    """JSON can escape it, and UTF-8 cannot carry it; a fuzzer found that it ended the thread."""
    for fields in (
        {"command": "users_kick", "username": "alice", "\udc00": 1},
        {"command": "users_ban", "who": "203.0.113.1", "seconds": "\udc00"},
        {"command": "users_ban", "who": "1/\ud800"},
        {"command": "users_kick", "username": "alice", "reason": "\udfff"},
    ):
        with pytest.raises(ProtocolError) as caught:
            perform(desk, fields, OPERATOR)
        assert caught.value.code is ErrorCode.INVALID_FIELD
        assert events.error(caught.value)
