"""`chatroom send`: say one thing and leave."""

import argparse
import sys
from typing import TYPE_CHECKING

from chatroom.cli.arguments import UsageError, add_credentials, add_security, add_server
from chatroom.cli.credentials import username_or_own

if TYPE_CHECKING:
    from chatroom.client.events import Event

DESCRIPTION = """\
Say one thing, wait until the server has confirmed it, and leave. Without --user and CHATROOM_USER
you are who you are on this computer.
"""

EXAMPLES = """\
examples:
  chatroom send "The build is done."
  chatroom send --to bob "Lunch?"
  make 2>&1 | tail -n 5 | chatroom send --user buildbot --password-file secret

exit status:
  0  the message is in the room's log
  1  it was refused, or the login was
  2  the server could not be reached or did not answer, or the command line is wrong
"""

MAX_INPUT = 65_536
"""The most that is read from standard input, in bytes; no frame could carry more."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describes the command and its arguments to `parser`."""
    parser.description, parser.epilog = DESCRIPTION, EXAMPLES
    parser.add_argument(
        "message", metavar="MESSAGE", nargs="?", help="what to say; standard input if missing or -"
    )
    parser.add_argument("--to", metavar="NAME", help="say it to this user alone")
    add_server(parser)
    add_security(parser)
    add_credentials(parser)


def run(args: argparse.Namespace) -> int:
    """Sends the message and returns the exit status."""
    from chatroom.cli.outcome import report  # noqa: PLC0415 - heavy

    text = _from_input() if args.message in (None, "-") else args.message
    return report(lambda: _send(args, text))


def _send(args: argparse.Namespace, text: str) -> int:
    from chatroom.cli.entering import enter  # noqa: PLC0415 - heavy
    from chatroom.cli.outcome import tell  # noqa: PLC0415
    from chatroom.ui import logs  # noqa: PLC0415

    with logs.shown(tell), enter(args, username_or_own(args), _ignore) as room:
        if args.to is None:
            room.send(text)
        else:
            room.send_to(args.to, text)
    return 0


def _ignore(event: "Event") -> None:
    """Leaves what others say to others."""
    del event


def _from_input() -> str:
    """Returns what stands on standard input, without the newlines at its end."""
    text = sys.stdin.buffer.read(MAX_INPUT + 1)
    if len(text) > MAX_INPUT:
        raise UsageError(f"a message has at most {MAX_INPUT} bytes; send it in pieces")
    try:
        return text.decode().rstrip("\n")
    except UnicodeDecodeError:
        raise UsageError("what stands on standard input is not UTF-8 text") from None
