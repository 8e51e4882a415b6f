"""What happens in the room, as it stands in the one order of everything.

A ticket goes through the committer, in one queue with everybody's messages, and reaches the
delivery with what was committed for it. So all connections see one order, and a connection's
replies come in the order of its requests.
"""

from typing import Generic, TypeVar

import msgspec

from chatroom.log.base import Account
from chatroom.room.roster import Member

Channel = TypeVar("Channel")


class Public(msgspec.Struct, Generic[Channel], frozen=True, gc=False):
    """A member says something to everyone."""

    member: Member[Channel]
    id: str | None


class Private(msgspec.Struct, Generic[Channel], frozen=True, gc=False):
    """A member says something to one user."""

    member: Member[Channel]
    id: str | None
    recipient: Account


class Arrival(msgspec.Struct, Generic[Channel], frozen=True):
    """A member comes in and is to be welcomed."""

    member: Member[Channel]
    id: str | None
    new_user: bool
    names: tuple[str, ...]
    """Who is here, the member included."""
    version: int
    """The version of the roster that `names` is from."""


class Departure(msgspec.Struct, Generic[Channel], frozen=True):
    """A member is gone."""

    member: Member[Channel]


class RosterChange(msgspec.Struct, frozen=True):
    """Everyone who has an older list of the users is to get this one."""

    names: tuple[str, ...]
    """Who is here."""
    version: int
    """The version of the roster that `names` is from."""


RoomTicket = (
    Public[Channel] | Private[Channel] | Arrival[Channel] | Departure[Channel] | RosterChange
)
