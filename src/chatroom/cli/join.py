"""`chatroom join`: enter a room and talk."""

import argparse
import sys

from chatroom.cli import credentials
from chatroom.cli.arguments import add_credentials, add_history, add_security, default_server

DESCRIPTION = """\
Enter a room and talk. A name that is new is registered with the password you choose.

On a terminal you are asked for what to do; HELP says what there is. Otherwise operations are taken
from standard input, one a line, and every event is printed on one line.
"""

HISTORY = 50
"""How many of the messages said before a person sees on entering."""

EXAMPLES = """\
examples:
  chatroom join                              the room on this machine
  chatroom join example.org:12345            another one
  chatroom join example.org --fingerprint sha256:6f0c...
  chatroom join --user bob --history 200
  echo "PM hello" | chatroom join --user bob --password-file secret

exit status:
  0  you have left; without a terminal: everything was confirmed
  1  something was refused, such as the password
  2  the server could not be reached, or the command line is wrong
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describes the command and its arguments to `parser`."""
    parser.description, parser.epilog = DESCRIPTION, EXAMPLES
    parser.add_argument(
        "server",
        metavar="HOST[:PORT]",
        nargs="?",
        default=default_server(),
        help="the server; CHATROOM_SERVER in the environment does the same (default: %(default)s)",
    )
    add_history(parser, default=None, shown=f"{HISTORY} on a terminal, else 0")
    add_security(parser)
    add_credentials(parser)


def run(args: argparse.Namespace) -> int:
    """Talks until the person leaves or the input ends; returns the exit status."""
    from chatroom.cli.outcome import report  # noqa: PLC0415 - heavy

    on_terminal = sys.stdin.isatty() and sys.stdout.isatty()
    return report(lambda: _on_terminal(args) if on_terminal else _on_pipe(args))


def _on_terminal(args: argparse.Namespace) -> int:
    from chatroom.cli.entering import door_of  # noqa: PLC0415 - heavy
    from chatroom.ui import interactive  # noqa: PLC0415
    from chatroom.ui.login import sign_in  # noqa: PLC0415

    name, secret = credentials.username(args), credentials.password(args)
    history = HISTORY if args.history is None else args.history
    return interactive.talk(
        lambda terminal, on_event: sign_in(
            terminal,
            args.server,
            username=name,
            password=secret,
            history=history,
            on_event=on_event,
            door=door_of(args),
        ),
        history=history,
    )


def _on_pipe(args: argparse.Namespace) -> int:
    from chatroom.cli.entering import enter  # noqa: PLC0415 - heavy
    from chatroom.ui import pipe  # noqa: PLC0415

    name, history = credentials.username(args), args.history or 0
    return pipe.talk(
        lambda on_event: enter(args, name, on_event, history=history),
        source=sys.stdin.fileno(),
        history=history,
    )
