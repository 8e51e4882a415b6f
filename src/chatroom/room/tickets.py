"""What happens in the room, as it stands in the one order of everything.

A ticket goes through the committer, in one queue with everybody's messages, and reaches the
delivery with what was committed for it. So all connections see one order, and a connection's
replies come in the order of its requests.
"""

from collections.abc import Callable
from typing import Generic, TypeVar

import msgspec

from chatroom.log.base import Account
from chatroom.protocol.commands import Places
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


class Greeting(msgspec.Struct, frozen=True):
    """How a member comes in, and what it is told."""

    id: str | None
    """What the reply repeats."""
    places: Places
    """Where it stands in the logs."""
    history: int = 0
    """How many of the newest entries it gets first of a log that `places` does not name."""
    new_user: bool = False
    """Whether the account was made just now."""
    session: str | None = None
    """The secret to come back by; None for one that came back by it."""


class Arrival(msgspec.Struct, Generic[Channel], frozen=True):
    """A member comes in and is to be welcomed."""

    member: Member[Channel]
    greeting: Greeting
    names: tuple[str, ...]
    """Who is here, the member included."""
    version: int
    """The version of the roster that `names` is from."""


class Departure(msgspec.Struct, Generic[Channel], frozen=True):
    """A member is gone."""

    member: Member[Channel]


class Inquiry(msgspec.Struct, Generic[Channel], frozen=True):
    """A member that says nothing is to be asked for a sign of life."""

    member: Member[Channel]
    on_asked: Callable[[], None]
    """Called in the delivery thread when that is done."""


class RosterChange(msgspec.Struct, frozen=True):
    """Everyone who has an older list of the users is to get this one."""

    names: tuple[str, ...]
    """Who is here."""
    version: int
    """The version of the roster that `names` is from."""


RoomTicket = (
    Public[Channel]
    | Private[Channel]
    | Arrival[Channel]
    | Departure[Channel]
    | Inquiry[Channel]
    | RosterChange
)
