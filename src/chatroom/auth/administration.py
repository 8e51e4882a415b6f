"""What the person who runs the server can do with the accounts.

The same requests are performed by a running server, which gets them through its control socket, and
by the command line itself when no server runs on the data.
"""

from collections.abc import Callable, Mapping
from typing import TypeVar

import msgspec

from chatroom.auth.accounts import Accounts
from chatroom.protocol.errors import ErrorCode, ProtocolError

Reply = dict[str, object]
Wanted = TypeVar("Wanted", bound=msgspec.Struct)


class _Named(msgspec.Struct):
    username: str


class _WithPassword(_Named):
    password: str


def _list(accounts: Accounts, _: Mapping[str, object]) -> Reply:
    return {"users": accounts.names()}


def _add(accounts: Accounts, request: Mapping[str, object]) -> Reply:
    wanted = _convert(request, _WithPassword)
    name = accounts.add(wanted.username, wanted.password).name
    return {"message": f"There is an account called {name} now."}


def _passwd(accounts: Accounts, request: Mapping[str, object]) -> Reply:
    wanted = _convert(request, _WithPassword)
    name = accounts.set_password(wanted.username, wanted.password).name
    return {"message": f"{name} has a new password."}


def _remove(accounts: Accounts, request: Mapping[str, object]) -> Reply:
    name = accounts.remove(_convert(request, _Named).username).name
    return {"message": f"The account called {name} is gone; what it said stays."}


ACTIONS: dict[str, Callable[[Accounts, Mapping[str, object]], Reply]] = {
    "users_list": _list,
    "users_add": _add,
    "users_passwd": _passwd,
    "users_remove": _remove,
}
"""The requests by the name that `command` gives them."""


def perform(accounts: Accounts, request: Mapping[str, object]) -> Reply:
    """Do what `request` asks for and return the reply to it.

    Raises:
        ProtocolError: it cannot be done.
    """
    action = ACTIONS.get(str(request.get("command")))
    if action is None:
        raise ProtocolError(ErrorCode.UNKNOWN_COMMAND, "This server cannot do that.")
    return {"type": "done", **action(accounts, request)}


def _convert(request: Mapping[str, object], kind: type[Wanted]) -> Wanted:
    try:
        return msgspec.convert(request, kind)
    except msgspec.ValidationError as error:
        raise ProtocolError(ErrorCode.INVALID_FIELD, f"The request is wrong: {error}.") from error
