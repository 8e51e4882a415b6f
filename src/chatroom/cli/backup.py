"""`chatroom backup`: copy the data while the server runs."""

import argparse

from chatroom.cli.arguments import add_file
from chatroom.cli.configured import add_config
from chatroom.cli.data import data_of, figures, file_of, report

DESCRIPTION = """\
Copy the data to FILE as they are at one moment: accounts, public and private messages. A server may
run meanwhile and is not kept waiting. The copy is checked as 'chatroom verify' does it before it
takes its place; an older backup there is replaced then, any other file never. Only you can read it.
"""

EXAMPLES = """\
examples:
  chatroom backup /backup/room.db
  chatroom backup --data /srv/chat/room.db "/backup/room-$(date +%F).db"

exit status:
  0  the backup is there and sound
  1  the data are not as they were written; the sentences say what is wrong
  2  the data cannot be read or FILE not be written, or the command line is wrong
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describes the command and its arguments to `parser`."""
    parser.description, parser.epilog = DESCRIPTION, EXAMPLES
    add_file(parser, "file", metavar="FILE", help="where the backup is to be, or a folder for it")
    add_config(parser)


def run(args: argparse.Namespace) -> int:
    """Makes the backup, and returns the exit status."""
    return report(lambda: _back_up(args))


def _back_up(args: argparse.Namespace) -> int:
    from chatroom.log.copying import back_up  # noqa: PLC0415 - heavy

    data, path = data_of(args), file_of(args.file)
    found = back_up(data, path)
    print(f"{path} is a backup of {data} now: {figures(found)}, all checked.")
    return 0
