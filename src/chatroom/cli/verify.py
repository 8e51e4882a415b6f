"""`chatroom verify`: check that all that is stored is as it was written."""

import argparse
import time

from chatroom.cli.arguments import add_file
from chatroom.cli.configured import add_config
from chatroom.cli.data import FAULTY, counted, data_of, figures, file_of, report, tell_faults

DESCRIPTION = """\
Check that all that is stored is as it was written: that no message was changed, taken out, put in
or moved, that none is missing between two others, and that the file is sound. It looks at the data,
or at FILE, such as a backup; a server may run meanwhile. Nothing is changed. It cannot tell whether
messages were cut off at the very end.
"""

EXAMPLES = """\
examples:
  chatroom verify
  chatroom verify --data /srv/chat/room.db
  chatroom verify /backup/room.db

exit status:
  0  all is as it was written
  1  something is not; the sentences say what
  2  the data cannot be looked at, or the command line is wrong
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describes the command and its arguments to `parser`."""
    parser.description, parser.epilog = DESCRIPTION, EXAMPLES
    add_file(parser, "file", metavar="FILE", help="what to look at in place of the data", nargs="?")
    add_config(parser)


def run(args: argparse.Namespace) -> int:
    """Checks, and returns the exit status."""
    return report(lambda: _verify(args))


def _verify(args: argparse.Namespace) -> int:
    from chatroom.log.connections import RESTORE  # noqa: PLC0415 - heavy
    from chatroom.log.verifying import verify  # noqa: PLC0415

    path = data_of(args) if args.file is None else file_of(args.file)
    start = time.monotonic()
    found = verify(path)
    seconds = time.monotonic() - start
    if found.faults:
        tell_faults(found, f"{path} is not as it was written; {RESTORE}.")
        return FAULTY
    print(
        f"{path} is as it was written: {figures(found)}, sealed in "
        f"{counted(found.commits, 'commit')}; checked in {seconds:.1f} seconds."
    )
    return 0
