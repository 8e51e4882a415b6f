"""What the person who runs the server can do with the accounts, and the list of all such requests.

The same requests are performed by a running server, which gets them through its control socket, and
by the command line itself when no server runs on the data.
"""

from collections.abc import Callable, Mapping

import msgspec

from chatroom.auth import inviting, moderation
from chatroom.auth.desk import Desk, Expulsion, Reply, Request
from chatroom.protocol.errors import ErrorCode, ProtocolError


class _Named(msgspec.Struct):
    username: str


class _WithPassword(_Named):
    password: str


def _list(desk: Desk, _: Request) -> Reply:
    return {"users": desk.accounts.names()}


def _add(desk: Desk, request: Request) -> Reply:
    wanted = request.read(_WithPassword)
    name = desk.accounts.add(wanted.username, wanted.password, request.actor).name
    return {"message": f"There is an account called {name} now."}


def _passwd(desk: Desk, request: Request) -> Reply:
    wanted = request.read(_WithPassword)
    name = desk.accounts.set_password(wanted.username, wanted.password, request.actor).name
    return {"message": f"{name} has a new password."}


def _remove(desk: Desk, request: Request) -> Reply:
    account = desk.accounts.remove(request.read(_Named).username, request.actor)
    desk.bans.forget(account.number)
    desk.expel(Expulsion("account_removed", account=account.number))
    return {"message": f"The account called {account.name} is gone; what it said stays."}


ACTIONS: dict[str, Callable[[Desk, Request], Reply]] = {
    "users_list": _list,
    "users_add": _add,
    "users_passwd": _passwd,
    "users_remove": _remove,
    "users_ban": moderation.ban,
    "users_unban": moderation.unban,
    "users_kick": moderation.kick,
    "users_bans": moderation.bans,
    "invite_make": inviting.make,
    "invite_list": inviting.list_,
    "invite_revoke": inviting.revoke,
}
"""The requests by the name that `command` gives them."""


def perform(desk: Desk, fields: Mapping[str, object], actor: str) -> Reply:
    """Do what is asked for and return the reply to it.

    Args:
        desk: what it is about.
        fields: the request.
        actor: who asks, as the audit log names it; see `audit.operator`.

    Raises:
        ProtocolError: it cannot be done.
    """
    action = ACTIONS.get(str(fields.get("command")))
    if action is None:
        raise ProtocolError(ErrorCode.UNKNOWN_COMMAND, "This server cannot do that.")
    return {"type": "done", **action(desk, Request(fields, actor))}
