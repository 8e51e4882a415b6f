"""What a room tells its user: messages, who comes and goes, and how the line is."""

from typing import Literal

import msgspec

from chatroom.client.errors import ChatroomError

Log = Literal["room", "inbox"]
"""What a log is called: that of the public messages, and that of the direct ones to us."""

GapReason = Literal["epoch", "retention", "ahead", "hole"]
"""Why entries will not come; see `Gap`."""


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
    replay: bool = False
    """True for what was said before the line was there: the history, or what a break made us miss.
    Our own messages are among it, unless they were confirmed to this very room."""


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
    """How many messages were missed; they follow now, with `replay`, before all that is new."""
    users: tuple[str, ...]
    """Who is here now."""
    away: float
    """How many seconds the line was down."""


class LineGone(msgspec.Struct, frozen=True):
    """The line is gone and no further attempt will be made."""

    error: ChatroomError
    """Why; `str(error)` is a sentence for a person."""


class Gap(msgspec.Struct, frozen=True):
    """Entries of a log will not come. Told in the place where they would have come."""

    log: Log
    """The room's public messages, or our own direct messages."""
    first: int
    """The first place that it is about."""
    last: int
    """The last one; below `first` if there is none."""
    missed: int
    """How many places that are."""
    reason: GapReason
    """Why. "retention": the server no longer keeps them. "epoch": the server has another
    incarnation of the log, as after a backup was restored, and of what we knew these places are
    not in it. "ahead": we knew these places and the server no longer does. "hole": the server left
    them out, and did so again when it was asked for them."""


Event = Message | UsersChanged | LineLost | LineBack | LineGone | Gap
