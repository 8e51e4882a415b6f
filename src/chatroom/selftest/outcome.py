"""How a self-test is getting on, and what has come of it."""

import msgspec

from chatroom.selftest.findings import Findings


class Interrupted(Exception):
    """The self-test is to end before it is done."""


class Progress(msgspec.Struct, frozen=True):
    """How far it is."""

    phase: str
    """What it is doing, in a few words."""
    done: float
    """How much of the time for breaking things is over, from 0 to 1."""
    kills: int
    """How often the server was killed so far."""
    falls: int
    """How often clients were killed so far."""
    cuts: int
    """How many connections were cut so far."""
    confirmed: int
    """How many messages were confirmed, as far as clients have told."""
    deliveries: int
    """How many were received, as far as clients have told."""


class Turmoil(msgspec.Struct):
    """What was done to the server, the clients and the connections."""

    kills: int = 0
    """How often the server was killed."""
    longest_recovery: float = 0.0
    """The longest time from a kill until it listened again, in seconds."""
    falls: int = 0
    """How often clients were killed."""
    connections: int = 0
    """How many connections there were."""
    cuts: int = 0
    """How many of them were cut at some byte."""
    stalls: int = 0
    """How many of them stood still for a while."""
    returns: int = 0
    """How often a client came back on a connection that the server answered."""
    troubles: list[str] = msgspec.field(default_factory=list)
    """What went wrong with the processes themselves, a sentence each."""


class Outcome(msgspec.Struct, frozen=True):
    """What has come of a self-test."""

    turmoil: Turmoil
    findings: Findings

    @property
    def sound(self) -> bool:
        """Whether nothing was found and everything came to rest."""
        return self.findings.sound and not self.turmoil.troubles
