"""`chatroom restore`: go back to a backup."""

import argparse

from chatroom.cli.arguments import add_file
from chatroom.cli.configured import add_config
from chatroom.cli.data import data_of, figures, file_of, report

DESCRIPTION = """\
Put a copy of the backup FILE in the place of the data. The server has to be stopped. FILE is
checked as 'chatroom verify' does it before anything is changed, and what was there is kept under
another name. Clients that come back are told which messages are gone; everybody logs in with the
password.
"""

EXAMPLES = """\
examples:
  chatroom restore /backup/room.db
  chatroom restore --data /srv/chat/room.db /backup/room-2026-07-01.db

exit status:
  0  the data are those of the backup
  1  the backup is not as it was written; the sentences say what is wrong
  2  a server runs, or a file cannot be read or written, or the command line is wrong
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describes the command and its arguments to `parser`."""
    parser.description, parser.epilog = DESCRIPTION, EXAMPLES
    add_file(parser, "file", metavar="FILE", help="the backup")
    add_config(parser)


def run(args: argparse.Namespace) -> int:
    """Restores, and returns the exit status."""
    return report(lambda: _restore(args))


def _restore(args: argparse.Namespace) -> int:
    from chatroom.log.restoring import restore  # noqa: PLC0415 - heavy

    data, path = data_of(args, to_make=True), file_of(args.file)
    done = restore(path, data)
    print(f"{data} is a copy of {path} now: {figures(done.report)}, all checked.")
    if done.kept is not None:
        print(f"What was there before is kept as {done.kept}.")
    return 0
