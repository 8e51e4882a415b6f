"""`chatroom audit`: who decided what."""

import argparse
import time
from typing import TYPE_CHECKING

from chatroom.cli.configured import add_config
from chatroom.cli.data import data_of, report
from chatroom.cli.durations import since

if TYPE_CHECKING:
    from chatroom.log.auditing import Record

DESCRIPTION = """\
Print what was decided about accounts, bans and invites, and who registered, one act a line, the
oldest first: when (UTC), who, what, whom it is about, and what else is known. uid:1000 is a user of
the server's system; any other is the name of an account. A server may run meanwhile; a backup can
be looked at too.
"""

EXAMPLES = """\
examples:
  chatroom audit --since 7d
  chatroom audit --since 2026-07-01 --data /srv/chat/room.db
  chatroom audit --json | jq -r 'select(.act == "ban") | .subject'

exit status:
  0  all was printed, or whoever read it had enough
  1  the data are damaged; the sentence says how
  2  the data cannot be read, or the command line is wrong
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describes the command and its arguments to `parser`."""
    parser.description, parser.epilog = DESCRIPTION, EXAMPLES
    parser.add_argument(
        "--since",
        metavar="WHEN",
        type=since,
        default=0.0,
        help="from a date on, like 2026-07-01 or 2026-07-01T12:30 (UTC), or how long ago, like 7d",
    )
    parser.add_argument(
        "--json",
        action="store_true",
        help='print JSON lines with "ts" (seconds since 1970), "by", "act", "subject" and "detail"',
    )
    add_config(parser)


def run(args: argparse.Namespace) -> int:
    """Prints the audit log, and returns the exit status."""
    return report(lambda: _print(args))


def _print(args: argparse.Namespace) -> int:
    import msgspec  # noqa: PLC0415 - heavy

    from chatroom.log.auditing import records  # noqa: PLC0415
    from chatroom.ui.sanitize import clean, clean_json  # noqa: PLC0415

    for record in records(data_of(args), args.since):
        if args.json:
            print(clean_json(msgspec.to_builtins(record)))
        else:
            print(clean(_line(record)))
    return 0


def _line(record: "Record") -> str:
    when = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(record.ts))
    return " ".join(filter(None, (when, record.by, record.act, record.subject, record.detail)))
