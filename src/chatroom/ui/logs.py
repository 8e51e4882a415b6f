"""What the client library logs, shown to the person instead of garbling their terminal."""

import contextlib
import logging
from collections.abc import Callable, Iterator, Sequence

from chatroom.ui.sanitize import clean


class _Shown(logging.Handler):
    """Shows warnings and errors, one line each; a traceback is of no use to a person."""

    def __init__(self, show: Callable[[Sequence[str]], None]) -> None:
        super().__init__(logging.WARNING)
        self._show = show

    def emit(self, record: logging.LogRecord) -> None:
        """Shows one record."""
        self._show([clean(f"chatroom: {record.getMessage()}")])


@contextlib.contextmanager
def shown(show: Callable[[Sequence[str]], None]) -> Iterator[None]:
    """Has what the library logs shown by `show`, which any thread may call, for a while."""
    logger = logging.getLogger("chatroom")
    handler = _Shown(show)
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
