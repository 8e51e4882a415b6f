"""Who may come in: by a password, or by the session of an earlier login."""

from contextlib import nullcontext
from typing import NamedTuple

from chatroom.auth.sessions import digest
from chatroom.log.base import Account, AddSession, TouchSession
from chatroom.protocol import events
from chatroom.protocol.commands import Login, Places, Resume
from chatroom.room.tickets import Greeting
from chatroom.server.services import Services
from chatroom.server.unreadable import told_if_unreadable


class Admitted(NamedTuple):
    """Somebody who may come in."""

    account: Account
    greeting: Greeting
    change: AddSession | TouchSession
    """What is committed with the arrival; it names the session."""


def admit(services: Services, command: Login | Resume, address: str) -> Admitted:
    """Let somebody in. With a password it takes as long as a hash.

    Args:
        services: what all connections share.
        command: who it is.
        address: where the connection comes from.

    Raises:
        ProtocolError: `invalid_session`, `banned`, `rate_limited` after wrong passwords, or what
            `Accounts.admit` raises.
    """
    places = command.logs or Places()
    services.bans.check_address(address)
    if isinstance(command, Resume):
        with told_if_unreadable():
            account = services.sessions.account(command.session)
        services.attempts.welcome(account.name, address)
        services.bans.check(account, address)
        return Admitted(
            account, Greeting(command.id, places), TouchSession(digest(command.session))
        )
    if command.password is None:
        raise ValueError("whoever gives no password is asked for it first")
    with services.attempts.attempt(command.username, address):
        account, new_user = services.accounts.admit(
            command.username, command.password, command.invite, address
        )
    services.bans.check(account, address)
    token, change = services.sessions.open(account)
    greeting = Greeting(command.id, places, command.history or 0, new_user, token)
    return Admitted(account, greeting, change)


def ask_password(services: Services, command: Login, address: str) -> bytes:
    """Return the reply to a login without a password. The arguments are those of `admit`.

    Raises:
        ProtocolError: `rate_limited` after wrong invites, or what `Accounts.is_new` raises.
    """
    guess = services.attempts.guess(command.username, address) if command.invite else nullcontext()
    with guess:
        new_user = services.accounts.is_new(command.username, command.invite)
    name = services.accounts.spelling(command.username)
    return events.password_required(command.id, name, new_user=new_user)
