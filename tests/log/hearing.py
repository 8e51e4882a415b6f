"""What a part of the program logs, for tests that wait for it."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.log.stores import DEADLINE


class Heard(logging.Handler):
    """Keeps what is logged, and lets the test wait for it."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[tuple[str, str]] = []
        """The level and the text of each entry."""
        self._news = threading.Condition()

    def emit(self, record: logging.LogRecord) -> None:
        """Keep an entry."""
        with self._news:
            self.said.append((record.levelname, record.getMessage()))
            self._news.notify_all()

    def wait_for(self, count: int) -> None:
        """Wait until that many entries were logged."""
        with self._news:
            assert self._news.wait_for(lambda: len(self.said) >= count, DEADLINE)


@contextmanager
def hearing(name: str) -> Iterator[Heard]:
    """Yield what the module `name` logs meanwhile, whatever its level."""
    found = Heard()
    logger = logging.getLogger(name)
    level = logger.level
    logger.addHandler(found)
    logger.setLevel(logging.DEBUG)
    try:
        yield found
    finally:
        logger.setLevel(level)
        logger.removeHandler(found)
