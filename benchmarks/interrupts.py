"""Ctrl-C and SIGTERM, which wait for the few moments in which a child is started.

Without that, one that comes between the start of a child and the return of `Popen` would leave a
child that nobody knows of.
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_held = 0
_is_pending = False


def install() -> None:
    """Let both raise KeyboardInterrupt in the main thread, which has to call this."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)


@contextmanager
def held() -> Iterator[None]:
    """Let an interrupt that comes within the block be raised at its end."""
    global _held, _is_pending  # noqa: PLW0603 - signals belong to the process
    _held += 1
    try:
        yield
    finally:
        _held -= 1
        if _is_pending and not _held:
            _is_pending = False
            raise KeyboardInterrupt


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    global _is_pending  # noqa: PLW0603 - the same
    if not _held:
        raise KeyboardInterrupt
    _is_pending = True
