"""What a target is: a function that takes any bytes, and raises where the program is at fault."""

import logging
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

Run = Callable[[bytes], None]
"""Puts one input through. Whatever it raises is a fault of the program, or of the target."""


class Target(NamedTuple):
    """Something to put inputs through."""

    run: Run
    seeds: tuple[bytes, ...]
    """Inputs that mean something, from which others are made."""
    tokens: tuple[bytes, ...]
    """What inputs are made of, so that it need not be found by chance."""
    longest: int = 4096
    """How long an input gets, in bytes. Seeds may be longer."""


class Fault(Exception):
    """Something does not hold that has to."""


def hold(condition: object, what: object) -> None:
    """See that something holds.

    Raises:
        Fault: it does not; the text says what was found.
    """
    if not condition:
        raise Fault(str(what)[:2000])


class _Listener(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


_listener = _Listener()
_logger = logging.getLogger("chatroom")


@contextmanager
def nothing_logged() -> Iterator[None]:
    """See that nothing is logged inside as an error, which is how the server notes its own faults.

    Raises:
        Fault: something was, and it has that exception as its cause.
    """
    records = _listener.records
    records.clear()
    _logger.addHandler(_listener)
    propagate, _logger.propagate = _logger.propagate, False
    try:
        yield
    finally:
        _logger.removeHandler(_listener)
        _logger.propagate = propagate
        if records:  # it is the cause of whatever else does not hold
            cause = records[0].exc_info[1] if records[0].exc_info else None
            raise Fault(records[0].getMessage()) from cause


_HARMFUL = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def harmless(line: str) -> None:
    """See that a terminal finds nothing in `line` that it could obey.

    Raises:
        Fault: it does.
    """
    if line.isascii() and line.isprintable():
        return
    for character in line:
        hold(unicodedata.category(character) not in _HARMFUL, f"{character!r} in {line!r}")
