"""What the person who runs the server can do about somebody who misbehaves."""

from typing import Annotated

import msgspec
from msgspec import Meta

from chatroom.auth.desk import Desk, Expulsion, Reply, Request
from chatroom.auth.networks import Network, network_of
from chatroom.auth.wording import ban_terms, banned, check_reason
from chatroom.log.base import Account
from chatroom.log.rules import Ban
from chatroom.protocol.errors import ErrorCode, ProtocolError

Seconds = Annotated[float, Meta(ge=1, le=3_155_760_000)]
"""For how long something holds; a century at most."""


class _Whom(msgspec.Struct):
    who: str
    """The name of an account, an address, or a network in CIDR notation."""
    is_account: bool = False
    """Whether it is a name, even where it reads like an address."""


class _Ban(_Whom):
    reason: str = ""
    seconds: Seconds | None = None


class _Kick(msgspec.Struct):
    username: str
    reason: str = ""


def ban(desk: Desk, request: Request) -> Reply:
    """Keep somebody out, at once."""
    wanted = request.read(_Ban)
    reason = check_reason(wanted.reason)
    subject = _subject(desk, wanted)
    key, name = _key(subject), _name(subject)
    made = desk.bans.add(key, name, reason, wanted.seconds, request.actor)
    if isinstance(subject, Account):
        expulsion = Expulsion("banned", account=subject.number, message=banned(name, made))
    else:
        expulsion = Expulsion("banned", network=subject, message=banned(None, made))
    desk.expel(expulsion)
    return {"message": f"{name} is banned {ban_terms(made)}."}


def unban(desk: Desk, request: Request) -> Reply:
    """Let somebody in again."""
    subject = _subject(desk, request.read(_Whom))
    name = _name(subject)
    if not desk.bans.lift(_key(subject), name, request.actor):
        wider = None if isinstance(subject, Account) else desk.bans.wider(subject)
        raise ProtocolError(
            ErrorCode.INVALID_FIELD,
            f"There is no ban of {name}; 'chatroom users bans' lists all."
            if wider is None
            else f"There is no ban of {name} itself but one of {wider.subject}; lift that.",
        )
    return {"message": f"{name} is not banned any more."}


def kick(desk: Desk, request: Request) -> Reply:
    """End somebody's connections and sessions; the account stays as it is."""
    wanted = request.read(_Kick)
    reason = check_reason(wanted.reason)
    account = desk.accounts.end_sessions(wanted.username, reason, request.actor)
    why = f" ({reason})" if reason else ""
    message = f"You were shown out by the person who runs the server{why}."
    desk.expel(Expulsion("kicked", account=account.number, message=message))
    return {"message": f"{account.name} is shown out and can come in again with the password."}


def bans(desk: Desk, _: Request) -> Reply:
    """List the bans that hold."""
    return {"lines": [_line(desk, ban) for ban in desk.bans.all()]}


def _line(desk: Desk, ban: Ban) -> str:
    if isinstance(ban.subject, int):
        return f"account {desk.accounts.name(ban.subject)} {ban_terms(ban)}"
    network = network_of(ban.subject)
    return f"address {ban.subject if network is None else _name(network)} {ban_terms(ban)}"


def _subject(desk: Desk, wanted: _Whom) -> Account | Network:
    """Return who is meant.

    Raises:
        ProtocolError: `invalid_username` or `invalid_field` if there is nobody.
    """
    network = None if wanted.is_account else network_of(wanted.who)
    if network is not None:
        return network
    if not wanted.is_account and ("/" in wanted.who or ":" in wanted.who):
        raise ProtocolError(
            ErrorCode.INVALID_FIELD,
            f"{wanted.who} is neither an address nor a network like 203.0.113.0/24.",
        )
    return desk.accounts.existing(wanted.who)


def _key(subject: Account | Network) -> int | str:
    return subject.number if isinstance(subject, Account) else str(subject)


def _name(subject: Account | Network) -> str:
    if isinstance(subject, Account):
        return subject.name
    single = subject.prefixlen == subject.max_prefixlen
    return str(subject.network_address) if single else str(subject)
