"""What a store keeps beside what is said: who is kept out, who may still come in, who decided it.

The types of it and the changes that make them. What the engines do with them is part of the
contract in `log/base.py`.
"""

import msgspec

RECORDS = 100_000
"""How many records of the operator's acts are kept, and how many of what others did; the oldest go
first. The two are counted apart, so that no flood of registrations drives out who was banned."""


class Ban(msgspec.Struct, frozen=True):
    """Somebody is kept out."""

    subject: int | str
    """The number of an account; or a network in CIDR notation, in its one canonical spelling."""
    reason: str
    """For the one who is kept out; empty if none was given."""
    since: float
    """When it was made, in seconds since 1970."""
    until: float | None
    """When it ends, in seconds since 1970; None for never."""


class Invite(msgspec.Struct, frozen=True):
    """A code that lets one new account in, once."""

    digest: bytes
    """What the code is known by; the code itself is never stored."""
    name: str
    """What it is called when it is talked about; no other invite has the same."""
    since: float
    """When it was made, in seconds since 1970."""
    until: float
    """Until when it is good, in seconds since 1970."""


class AddBan(msgspec.Struct, frozen=True):
    """Keep somebody out, in place of an earlier ban of the same; ends the account's sessions.

    Bans whose time is over go. The outcome is the `Ban`; `Refused` if there is no such account.
    """

    subject: int | str
    reason: str
    until: float | None


class LiftBan(msgspec.Struct, frozen=True):
    """Let somebody in again. `Refused` if there is no such ban."""

    subject: int | str


class EndSessionsOf(msgspec.Struct, frozen=True):
    """End all sessions of an account, which stays as it is. `Refused` if there is none."""

    account: int


class AddInvite(msgspec.Struct, frozen=True):
    """Make an invite, which `AddAccount` can use.

    Invites whose time is over go. The outcome is the `Invite`; `Refused` if there is one with that
    digest or name.
    """

    digest: bytes
    name: str
    until: float


class RevokeInvite(msgspec.Struct, frozen=True):
    """Let nobody in by an invite any more. `Refused` if there is no such invite."""

    digest: bytes


RuleChange = AddBan | LiftBan | EndSessionsOf | AddInvite | RevokeInvite


class Uninvited(msgspec.Struct, frozen=True):
    """The invite for a new account is unknown, or its time is over."""


class Act(msgspec.Struct, frozen=True):
    """What somebody did to the rules or to an account. Holds no password, no code and no token."""

    actor: str
    """Who: `uid:1000` for a user of the server's system, or the name of an account."""
    act: str
    """What, in one word."""
    subject: str
    """To whom or what."""
    detail: str = ""
    """What else is to be known of it."""
    guest: bool = False
    """Whether it was done from the network, and not by the person who runs the server."""
