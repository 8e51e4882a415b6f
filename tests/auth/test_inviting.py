"""What the person who runs the server can do to let new people in."""

import pytest

from chatroom.log.memory import MemoryStore
from chatroom.protocol.errors import ErrorCode, ProtocolError
from tests.auth.desks import Books, ask, desk_in
from tests.clock import Clock


def test_invites_are_made_listed_and_revoked() -> None:
    clock = Clock()
    with desk_in(Books(MemoryStore(clock=clock)), mode="invite", clock=clock) as desk:
        reply = ask(desk, "invite_make", seconds=60, count=2)
        assert reply["registration"] == "invite"
        codes = reply["lines"]
        assert isinstance(codes, list)
        one, two = codes
        assert ask(desk, "invite_list")["lines"] == [
            f"{one[:4]} until 1970-01-01 00:17 UTC",
            f"{two[:4]} until 1970-01-01 00:17 UTC",
        ]
        reply = ask(desk, "invite_revoke", invite=one[:4])
        assert reply["message"] == f"The invite {one[:4]} lets nobody in any more."
        assert len(desk.invites.all()) == 1


@pytest.mark.parametrize("mode", ["open", "closed"])
def test_where_invites_do_not_count_that_is_said(mode: str) -> None:
    with desk_in(Books(MemoryStore()), mode="open" if mode == "open" else "closed") as desk:
        assert ask(desk, "invite_make", seconds=60)["registration"] == mode


@pytest.mark.parametrize(
    ("command", "fields", "code"),
    [
        ("invite_make", {}, ErrorCode.INVALID_FIELD),
        ("invite_make", {"seconds": 0}, ErrorCode.INVALID_FIELD),
        ("invite_make", {"seconds": 60, "count": 0}, ErrorCode.INVALID_FIELD),
        ("invite_make", {"seconds": 60, "count": 101}, ErrorCode.INVALID_FIELD),
        ("invite_revoke", {"invite": "none"}, ErrorCode.INVALID_INVITE),
    ],
)
def test_what_cannot_be_done_is_refused(
    command: str, fields: dict[str, object], code: ErrorCode
) -> None:
    books = Books(MemoryStore())
    with desk_in(books) as desk, pytest.raises(ProtocolError) as caught:
        ask(desk, command, **fields)
    assert caught.value.code is code
    assert books.acts == []
