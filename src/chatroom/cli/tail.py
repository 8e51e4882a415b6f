"""`chatroom tail`: print what is said, as JSON lines."""

import argparse
import sys

from chatroom.cli.arguments import add_credentials, add_history, add_security, add_server
from chatroom.cli.credentials import username_or_own

DESCRIPTION = """\
Print what is said from now on, one JSON object a line, as the server sends it: "broadcast" for a
public message and "direct_message" for one to you. What was said before, asked for by --history or
while the line was down, has "replay": true. Without --user and CHATROOM_USER you are who you are on
this computer. Ctrl-C ends it.
"""

EXAMPLES = """\
examples:
  chatroom tail | jq -r '.from + ": " + .message'
  chatroom tail --count 1                   wait for the next message
  chatroom tail --history 1 --count 1       print the last one
  chatroom tail --user logger --password-file secret >> room.jsonl

exit status:
  0  ended by Ctrl-C, by --count or by whoever reads the output
  1  the login was refused
  2  the server could not be reached, or the command line is wrong
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describes the command and its arguments to `parser`."""
    parser.description, parser.epilog = DESCRIPTION, EXAMPLES
    parser.add_argument(
        "--count", metavar="N", type=_positive, help="stop after this many messages"
    )
    add_history(parser, default=0, shown="0")
    add_server(parser)
    add_security(parser)
    add_credentials(parser)


def run(args: argparse.Namespace) -> int:
    """Prints messages until there is a reason to stop; returns the exit status."""
    from chatroom.cli.outcome import report  # noqa: PLC0415 - heavy

    return report(lambda: _tail(args))


def _tail(args: argparse.Namespace) -> int:
    from chatroom.cli.entering import enter  # noqa: PLC0415 - heavy
    from chatroom.cli.outcome import tell  # noqa: PLC0415
    from chatroom.ui import logs  # noqa: PLC0415
    from chatroom.ui.feed import Feed  # noqa: PLC0415

    feed = Feed(sys.stdout.buffer, sys.stderr, args.count, args.history)
    name = username_or_own(args)
    try:
        with logs.shown(tell), enter(args, name, feed.on_event, history=args.history) as room:
            feed.enter(room.behind)
            feed.wait()
    except KeyboardInterrupt:
        pass
    return 0


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is not at least 1")
    return number
