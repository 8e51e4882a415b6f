"""`chatroom export`: print all that was said, as JSON lines."""

import argparse
import os
import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from chatroom.cli.arguments import UsageError, add_file
from chatroom.cli.configured import add_config
from chatroom.cli.data import counted, data_of, file_of, report

if TYPE_CHECKING:
    from pathlib import Path

    from chatroom.log.exporting import Line

DESCRIPTION = """\
Print every public message that is stored, one JSON object a line: "log", "seq", "prev", "epoch",
"ts" (seconds since 1970), "from", "id" if it has one, and "message". With --direct also those that
were said to one person, with "to"; they are private, so mind who can read what you print. A server
may run meanwhile; what is said after the start is not printed.
"""

EXAMPLES = """\
examples:
  chatroom export | jq -r '.from + ": " + .message'
  chatroom export --data /srv/chat/room.db --output room.jsonl
  chatroom export --direct --output everything.jsonl

exit status:
  0  all was printed, or whoever read it had enough
  1  the data are damaged; the sentence says how
  2  the data cannot be read or FILE not be written, or the command line is wrong
"""

_PIECE = 65536


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describes the command and its arguments to `parser`."""
    parser.description, parser.epilog = DESCRIPTION, EXAMPLES
    parser.add_argument(
        "--direct", action="store_true", help="print the direct messages too, which are private"
    )
    add_file(
        parser,
        "--output",
        metavar="FILE",
        help="write to this file, which you alone can read, in place of standard output",
    )
    add_config(parser)


def run(args: argparse.Namespace) -> int:
    """Exports, and returns the exit status."""
    return report(lambda: _export(args))


def _export(args: argparse.Namespace) -> int:
    from chatroom.log.exporting import export  # noqa: PLC0415 - heavy

    lines = export(data_of(args), direct=args.direct)
    if args.output is None:
        try:
            _write(lines, sys.stdout.fileno(), _encoding(to_terminal=sys.stdout.isatty()))
        except BrokenPipeError:
            raise
        except OSError as error:
            raise UsageError(f"cannot write what is exported: {error.strerror}") from error
    else:
        path = file_of(args.output)
        number = _write_file(lines, path)
        print(f"{path} holds {counted(number, 'message')} now.")
    return 0


def _write_file(lines: "Iterable[Line]", path: "Path") -> int:
    """Writes to a file that takes its place when it is complete; returns how many there are."""
    from chatroom.log.copying import is_store  # noqa: PLC0415 - heavy
    from chatroom.log.placing import placed  # noqa: PLC0415

    if path.exists() and (not path.is_file() or is_store(path)):
        raise UsageError(f"{path} is there and is no file to be replaced; choose another one")
    with placed(path) as part, part.open("wb", buffering=0) as file:
        try:
            return _write(lines, file.fileno(), _encoding(to_terminal=False))
        except OSError as error:
            raise UsageError(f"cannot write to {path}: {error.strerror}") from error


def _encoding(*, to_terminal: bool) -> "Callable[[Line], bytes]":
    """Returns what makes the bytes of a line; for a terminal such as it does not obey."""
    import msgspec  # noqa: PLC0415 - heavy

    if not to_terminal:
        return msgspec.json.Encoder().encode
    from chatroom.ui.sanitize import clean_json  # noqa: PLC0415

    return lambda line: clean_json(msgspec.to_builtins(line)).encode()


def _write(lines: "Iterable[Line]", descriptor: int, encoding: "Callable[[Line], bytes]") -> int:
    """Writes lines and returns how many there were."""
    number = 0
    waiting = bytearray()
    for number, line in enumerate(lines, 1):  # noqa: B007  # the last one is wanted
        waiting += encoding(line) + b"\n"
        if len(waiting) >= _PIECE:
            _write_all(descriptor, waiting)
            waiting.clear()
    _write_all(descriptor, waiting)
    return number


def _write_all(descriptor: int, data: bytearray) -> None:
    done = 0
    while done < len(data):
        done += os.write(descriptor, memoryview(data)[done:])
