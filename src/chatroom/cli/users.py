"""`chatroom users`: the accounts, their passwords, and who is kept out."""

import argparse
import getpass
import sys

from chatroom.cli.arguments import UsageError, add_file
from chatroom.cli.configured import add_config
from chatroom.cli.credentials import nobody_to_ask, password
from chatroom.cli.durations import duration
from chatroom.cli.operating import lines_or_message, operate

DESCRIPTION = """\
List, add and remove the accounts of a room, change passwords, and keep people out. When a server
runs on the data, it does so at once; otherwise this command does. A new password is asked for on
the terminal, or taken from CHATROOM_PASSWORD or --password-file.

ban keeps an account out, or an address, or a network like 203.0.113.0/24; an IPv6 address stands
for its /64. kick ends somebody's connections and sessions, who may come in again with the
password. The reason is told to the person. bans lists who is kept out.
"""

EXAMPLES = """\
examples:
  chatroom users list
  chatroom users add bob
  chatroom users passwd bob --password-file secret --data /srv/chat/room.db
  chatroom users remove bob
  chatroom users ban bob --reason "no advertising, please" --for 7d
  chatroom users ban 203.0.113.0/24
  chatroom users unban bob
  chatroom users kick bob --reason "have a break"

exit status:
  0  done
  1  refused; the sentence says why
  2  the data cannot be used, or the command line is wrong
"""

_NAMELESS = {"list", "bans"}

_OPTIONS = {"reason": {"ban", "kick"}, "for": {"ban"}, "account": {"ban", "unban"}}
"""Which options go with which actions."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describes the command and its arguments to `parser`."""
    parser.description, parser.epilog = DESCRIPTION, EXAMPLES
    actions = ("list", "add", "passwd", "remove", "ban", "unban", "kick", "bans")
    parser.add_argument("action", choices=actions, help="what to do")
    parser.add_argument(
        "name",
        metavar="NAME",
        nargs="?",
        help="whose account, or for ban and unban an address; not for list and bans",
    )
    parser.add_argument("--reason", metavar="TEXT", help="why, for the person and the audit log")
    parser.add_argument(
        "--for",
        metavar="TIME",
        type=duration,
        help="how long a ban holds, like 30m, 12h, 7d or 2w (default: for good)",
    )
    parser.add_argument(
        "--account",
        action="store_true",
        default=None,
        help="NAME is an account, though it reads like an address",
    )
    add_config(parser)
    add_file(
        parser, "--password-file", metavar="PATH", help="a file whose first line is the password"
    )


def run(args: argparse.Namespace) -> int:
    """Does it, and returns the exit status."""
    return operate(args, _request(args), lines_or_message, makes_room=args.action == "add")


def _request(args: argparse.Namespace) -> dict[str, object]:
    """Returns what to ask for.

    Raises:
        UsageError: the command line lacks something or has too much.
    """
    action = args.action
    if (args.name is None) != (action in _NAMELESS):
        raise UsageError(
            f"{action} takes no name" if args.name else f"say whose account to {action}"
        )
    options = {name: getattr(args, name) for name in _OPTIONS if getattr(args, name) is not None}
    for name in options:
        if action not in _OPTIONS[name]:
            raise UsageError(f"{action} takes no --{name}")
    request: dict[str, object] = {"command": f"users_{action}"}
    if action in {"ban", "unban"}:
        return request | {
            "who": args.name,
            "is_account": bool(args.account),
            "reason": args.reason or "",
            "seconds": options.get("for"),
        }
    if args.name is not None:
        request["username"] = args.name
    if action == "kick":
        request["reason"] = args.reason or ""
    if action in {"add", "passwd"}:
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
