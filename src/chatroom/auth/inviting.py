"""What the person who runs the server can do to let new people in."""

from typing import Annotated

import msgspec
from msgspec import Meta

from chatroom.auth.desk import Desk, Reply, Request
from chatroom.auth.moderation import Seconds
from chatroom.auth.wording import moment

MOST_AT_ONCE = 100
"""How many invites one request makes at most."""


class _Make(msgspec.Struct):
    seconds: Seconds
    count: Annotated[int, Meta(ge=1, le=MOST_AT_ONCE)] = 1


class _Revoke(msgspec.Struct):
    invite: str
    """Its name or its code."""


def make(desk: Desk, request: Request) -> Reply:
    """Make some invites and return their codes, which nobody can be told again."""
    wanted = request.read(_Make)
    codes = [desk.invites.make(wanted.seconds, request.actor) for _ in range(wanted.count)]
    return {"lines": codes, "registration": desk.registration.mode}


def list_(desk: Desk, _: Request) -> Reply:
    """List the invites that are good, by their names."""
    return {
        "lines": [f"{invite.name} until {moment(invite.until)}" for invite in desk.invites.all()]
    }


def revoke(desk: Desk, request: Request) -> Reply:
    """Let nobody in by an invite any more."""
    invite = desk.invites.revoke(request.read(_Revoke).invite, request.actor)
    return {"message": f"The invite {invite.name} lets nobody in any more."}
