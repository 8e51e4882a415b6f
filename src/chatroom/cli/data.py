"""What the commands share that work on the data themselves, beside a server or without one."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from chatroom.cli.arguments import UsageError
from chatroom.cli.configured import configured

if TYPE_CHECKING:
    from chatroom.log.verifying import Report

FAULTY = 1
"""The exit status when the data or the backup are not as they were written."""


def data_of(args: argparse.Namespace, *, to_make: bool = False) -> Path:
    """Returns the database file that `--data`, `--config` or the environment name.

    Args:
        args: the command line.
        to_make: whether it need not be there.

    Raises:
        UsageError: there is none, or the configuration is wrong.
    """
    path = file_of(configured(args).server.data)
    if not to_make and not path.exists():
        raise no_room(path)
    return path


def no_room(path: Path) -> UsageError:
    """Returns the error for data that are not there."""
    return UsageError(f"there is no room at {path}; name its --data or its --config")


def file_of(text: str) -> Path:
    """Returns the database file that `text` names; see `chatroom.log.opening.locate`.

    Raises:
        UsageError: there can be none.
    """
    from chatroom.log.base import StoreError  # noqa: PLC0415 - heavy
    from chatroom.log.opening import locate  # noqa: PLC0415

    try:
        path = locate(text)
    except StoreError as error:
        raise UsageError(str(error)) from error
    if path is None:
        raise UsageError("a room in memory has no data to look at; name its --data")
    return path


def report(run: Callable[[], int]) -> int:
    """Runs something and returns its exit status; tells of damage on stderr.

    Raises:
        UsageError: it cannot be done, for another reason than damage.
    """
    from chatroom.log.base import StoreError  # noqa: PLC0415 - heavy
    from chatroom.log.copying import Faulty  # noqa: PLC0415
    from chatroom.log.sealing import Damaged  # noqa: PLC0415

    try:
        return run()
    except Faulty as error:
        tell_faults(error.report, str(error))
    except Damaged as error:
        tell_faults(None, str(error))
    except StoreError as error:
        raise UsageError(str(error)) from error
    return FAULTY


def tell_faults(found: "Report | None", sentence: str) -> None:
    """Writes what is wrong to standard error, a line each, and `sentence` behind it."""
    from chatroom.ui.sanitize import clean  # noqa: PLC0415 - seldom needed

    lines = [f"{fault}." for fault in found.faults] if found else []
    if found and found.untold:
        lines.append(f"there are {found.untold:,} more faults.")
    for line in (*lines, sentence):
        print(f"chatroom: {clean(line)}", file=sys.stderr)


def figures(found: "Report") -> str:
    """Returns how much a store holds, as part of a sentence."""
    return f"{counted(found.entries, 'message')} in {counted(found.logs, 'log')}"


def counted(number: int, what: str) -> str:
    """Returns a number of things, such as "1 log" or "2,000 logs"."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"
