"""What a client's failure means to whoever ran the command: a sentence and an exit status."""

import sys
from collections.abc import Callable, Sequence

from chatroom.client.errors import ChatroomError, Refused
from chatroom.ui.sanitize import clean

REFUSED = 1
"""The server understood, and said no."""

UNREACHED = 2
"""The server could not be reached, or does not answer."""


def status(error: ChatroomError) -> int:
    """Returns the exit status that `error` leads to."""
    return REFUSED if isinstance(error, Refused) else UNREACHED


def report(run: Callable[[], int]) -> int:
    """Runs something and returns its exit status; an error of the client is told on stderr."""
    try:
        return run()
    except ChatroomError as error:
        tell([f"chatroom: {clean(str(error))}"])
        return status(error)


def tell(lines: Sequence[str]) -> None:
    """Writes lines to standard error."""
    print(*lines, sep="\n", file=sys.stderr, flush=True)
