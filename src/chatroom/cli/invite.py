"""`chatroom invite`: codes that let new people in."""

import argparse
import sys
from collections.abc import Sequence

from chatroom.auth.inviting import MOST_AT_ONCE
from chatroom.cli.arguments import UsageError
from chatroom.cli.configured import add_config
from chatroom.cli.durations import duration
from chatroom.cli.operating import Reply, lines_or_message, operate

DESCRIPTION = """\
Print codes that let new people in, one a line. Each is good for one new account, where
auth.registration is "invite". A code is shown once: only what it is recognized by is stored. It
is called by its first four characters when it is listed or revoked.
"""

EXAMPLES = """\
examples:
  chatroom invite
  chatroom invite --for 12h --count 5
  chatroom invite --list
  chatroom invite --revoke K7Q2

exit status:
  0  done
  1  refused; the sentence says why
  2  the data cannot be used, or the command line is wrong
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describes the command and its arguments to `parser`."""
    parser.description, parser.epilog = DESCRIPTION, EXAMPLES
    parser.add_argument(
        "--for",
        dest="seconds",
        metavar="TIME",
        type=duration,
        help="how long a code is good, like 30m, 12h, 7d or 2w (default: 7d)",
    )
    parser.add_argument(
        "--count", metavar="N", type=_count, help=f"how many, at most {MOST_AT_ONCE} (default: 1)"
    )
    other = parser.add_mutually_exclusive_group()
    other.add_argument("--list", action="store_true", help="list those that are good, by name")
    other.add_argument("--revoke", metavar="NAME", help="let nobody in by this one any more")
    add_config(parser)


def _count(text: str) -> int:
    number = int(text)
    if not 1 <= number <= MOST_AT_ONCE:
        raise argparse.ArgumentTypeError(f"{number} is not from 1 to {MOST_AT_ONCE}")
    return number


def run(args: argparse.Namespace) -> int:
    """Does it, and returns the exit status."""
    if (args.list or args.revoke is not None) and (args.seconds or args.count):
        raise UsageError("--for and --count are for new codes; leave them out")
    if args.list:
        return operate(args, {"command": "invite_list"}, lines_or_message)
    if args.revoke is not None:
        request: Reply = {"command": "invite_revoke", "invite": args.revoke}
        return operate(args, request, lines_or_message)
    wanted = {"seconds": args.seconds or duration("7d"), "count": args.count or 1}
    return operate(args, {"command": "invite_make", **wanted}, _codes)


def _codes(reply: Reply) -> Sequence[object]:
    """Returns the codes; says if nobody needs one now."""
    if reply.get("registration") != "invite":
        from chatroom.ui.sanitize import clean  # noqa: PLC0415 - seldom needed

        registration = clean(str(reply.get("registration")))
        print(
            f'chatroom: auth.registration is "{registration}" here; '
            'codes count where it is "invite"',
            file=sys.stderr,
        )
    return lines_or_message(reply)
