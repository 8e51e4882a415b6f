"""What a client keeps of a conversation to go on with it later."""

from typing import NamedTuple

import msgspec


class Place(msgspec.Struct, frozen=True):
    """A position in a log, as the wire has it."""

    epoch: str
    """The incarnation of the log."""
    after: int
    """The place up to which everything is known."""


class Owner(NamedTuple):
    """Who has logged in."""

    username: str
    """As registered."""
    session: str | None
    """What to come back by."""


class Unsent(NamedTuple):
    """A message that is not confirmed yet."""

    id: str
    """The id that it has, or will have, on the wire."""
    to: str | None
    """Whom a direct message is for; None for a public one."""
    text: str
    """What to say."""
