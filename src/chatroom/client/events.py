"""What a room tells its user: messages, who comes and goes, and how the line is."""

from typing import Literal

import msgspec

from chatroom.client.errors import ChatroomError


class Message(msgspec.Struct, frozen=True, gc=False):
    """Something that was said.

    `gc=False` is safe because it holds no containers, and it keeps the collector away from the
    many that a busy room makes.
    """

    sender: str
    """Who said it."""
    text: str
    """What was said, 1 to 8,192 bytes of UTF-8."""
    private: bool
    """True for a direct message."""
    to: str | None
    """Whom a direct message is for; None for a public one."""
    seq: int
    """Its place in its log: the room's, or the recipient's inbox."""
    prev: int
    """The place of the entry before it in the same log, 0 for the first."""
    epoch: str
    """Names the incarnation of the log; places of different epochs do not compare."""
    ts: float
    """When it was committed, in seconds since 1970."""


class Receipt(msgspec.Struct, frozen=True, gc=False):
    """The server's word that a message of ours is in the log."""

    seq: int
    """Its place in the log: the room's, or the recipient's inbox."""
    epoch: str
    """The incarnation of that log."""
    ts: float
    """When it was committed, in seconds since 1970."""
    duplicate: bool
    """True when an earlier sending of it had been committed already, as after a lost line."""
    id: str
    """The id under which it was sent."""
    to: str | None
    """Whom a direct message is for; None for a public one."""


class UsersChanged(msgspec.Struct, frozen=True):
    """Somebody came or went."""

    users: tuple[str, ...]
    """Who is here now."""
    came: tuple[str, ...]
    """Who was not in the list before."""
    left: tuple[str, ...]
    """Who is no more in the list."""


class LineLost(msgspec.Struct, frozen=True):
    """The line broke, or an attempt to get it back failed; another attempt follows."""

    reason: str
    """A sentence for a person."""
    retry_in: float
    """Seconds until the next attempt."""


class LineBack(msgspec.Struct, frozen=True):
    """The line is there again and we are logged in."""

    missed: int
    """Messages known at this moment to have been missed; more may come to light as a `Gap`."""
    users: tuple[str, ...]
    """Who is here now."""


class LineGone(msgspec.Struct, frozen=True):
    """The line is gone and no further attempt will be made."""

    error: ChatroomError
    """Why; `str(error)` is a sentence for a person."""


class Gap(msgspec.Struct, frozen=True):
    """Entries of a log were missed, as when the line was down."""

    log: Literal["room", "inbox"]
    """The room's public messages, or our own direct messages."""
    after: int
    """The place before the first that was missed."""
    before: int
    """The place after the last that was missed."""
    missed: int
    """How many were missed."""


Event = Message | UsersChanged | LineLost | LineBack | LineGone | Gap
