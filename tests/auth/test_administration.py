"""What the person who runs the server can do with the accounts."""

from collections.abc import Iterator, Mapping

import pytest

from chatroom.auth.accounts import Accounts
from chatroom.auth.administration import perform
from chatroom.log.memory import MemoryStore
from chatroom.protocol.errors import ErrorCode, ProtocolError
from tests.server.stage import accounts_in


@pytest.fixture
def accounts() -> Iterator[Accounts]:
    """The accounts of an empty store."""
    with accounts_in(MemoryStore()) as accounts:
        yield accounts


def ask(accounts: Accounts, action: str, *names: str) -> Mapping[str, object]:
    """Ask for something; return the reply."""
    fields = dict(zip(("username", "password"), names, strict=False))
    return perform(accounts, {"command": f"users_{action}", **fields})


def test_accounts_are_made_listed_changed_and_removed(accounts: Accounts) -> None:
    assert ask(accounts, "list") == {"type": "done", "users": []}
    made = ask(accounts, "add", "Bob", "secret")
    assert made == {"type": "done", "message": "There is an account called Bob now."}
    assert ask(accounts, "list")["users"] == ["Bob"]
    assert ask(accounts, "passwd", "bob", "other")["message"] == "Bob has a new password."
    assert not accounts.admit("bob", "other").new_user
    assert "Bob is gone" in str(ask(accounts, "remove", "BOB")["message"])
    assert ask(accounts, "list")["users"] == []


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
    accounts: Accounts, request_: dict[str, object], code: ErrorCode
) -> None:
    with pytest.raises(ProtocolError) as caught:
        perform(accounts, request_)
    assert caught.value.code is code
    assert caught.value.message.endswith(".")
