"""`chatroom users`: list, add and remove accounts, and change passwords."""

import argparse
import getpass
import sys
from typing import TYPE_CHECKING

from chatroom.cli.arguments import UsageError, add_file
from chatroom.cli.configured import add_config, configured
from chatroom.cli.credentials import nobody_to_ask, password
from chatroom.cli.data import file_of, no_room

if TYPE_CHECKING:
    from pathlib import Path

    from chatroom.config import Config

DESCRIPTION = """\
List, add and remove the accounts of a room, and change passwords. When a server runs on the data,
it does so; otherwise this command does. A new password is asked for on the terminal, or taken
from CHATROOM_PASSWORD or --password-file.
"""

EXAMPLES = """\
examples:
  chatroom users list
  chatroom users add bob
  chatroom users passwd bob --password-file secret --data /srv/chat/room.db
  chatroom users remove bob

exit status:
  0  done
  1  refused; the sentence says why
  2  the data cannot be used, or the command line is wrong
"""

REFUSED = 1
"""The exit status when the accounts do not allow it."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describes the command and its arguments to `parser`."""
    parser.description, parser.epilog = DESCRIPTION, EXAMPLES
    parser.add_argument("action", choices=("list", "add", "passwd", "remove"), help="what to do")
    parser.add_argument("name", metavar="NAME", nargs="?", help="whose account, but for list")
    add_config(parser)
    add_file(
        parser, "--password-file", metavar="PATH", help="a file whose first line is the password"
    )


def run(args: argparse.Namespace) -> int:
    """Does it, and returns the exit status."""
    from chatroom.log.base import StoreError  # noqa: PLC0415 - heavy
    from chatroom.protocol.errors import ProtocolError  # noqa: PLC0415
    from chatroom.server.control import ask  # noqa: PLC0415
    from chatroom.ui.sanitize import clean  # noqa: PLC0415

    config = configured(args)
    request = _request(args)
    try:
        data = file_of(config.server.data)
        reply = ask(data, request) or _perform(config, data, request)
    except ProtocolError as problem:
        print(f"chatroom: {clean(problem.message)}", file=sys.stderr)
        return REFUSED
    except StoreError as error:
        raise UsageError(str(error)) from error
    users = reply.get("users")
    for line in users if isinstance(users, list) else [reply["message"]]:
        print(clean(str(line)))
    return 0


def _request(args: argparse.Namespace) -> dict[str, object]:
    """Returns what to ask for.

    Raises:
        UsageError: the command line lacks something or has too much.
    """
    request: dict[str, object] = {"command": f"users_{args.action}"}
    if (args.name is None) != (args.action == "list"):
        raise UsageError(
            "list takes no name" if args.name else f"say whose account to {args.action}"
        )
    if args.name is not None:
        request["username"] = args.name
    if args.action in {"add", "passwd"}:
        request["password"] = _new_password(args)
    return request


def _new_password(args: argparse.Namespace) -> str:
    given = password(args)
    if given is not None:
        return given
    if not sys.stdin.isatty():
        raise nobody_to_ask("password")
    first = getpass.getpass(f"New password for {args.name}: ")
    if getpass.getpass("The same again: ") != first:
        raise UsageError("the two passwords differ; nothing was changed")
    return first


def _perform(config: "Config", data: "Path", request: dict[str, object]) -> dict[str, object]:
    """Does it without a server.

    Raises:
        StoreError: the data cannot be used, or a server uses them that does not answer.
        ProtocolError: the accounts do not allow it.
    """
    from contextlib import closing  # noqa: PLC0415 - only when no server runs

    from chatroom.app import accounts_of, hasher, reserve_of  # noqa: PLC0415
    from chatroom.auth.administration import perform  # noqa: PLC0415
    from chatroom.log.opening import open_store  # noqa: PLC0415

    if not data.exists() and request["command"] != "users_add":
        raise no_room(data)
    with (
        open_store(data, reserve=reserve_of(config)) as store,
        closing(hasher(config)) as passwords,
    ):
        accounts = accounts_of(config, store, passwords, lambda change: store.commit([change])[0])
        return perform(accounts, request)
