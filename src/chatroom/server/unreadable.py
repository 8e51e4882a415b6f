"""What a client is told when the data cannot be read just now."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from chatroom.log.base import StoreError
from chatroom.protocol.errors import ErrorCode, ProtocolError

_log = logging.getLogger(__name__)


@contextmanager
def told_if_unreadable() -> Iterator[None]:
    """Turn a store that cannot be read into an error for the client, and log why.

    Raises:
        ProtocolError: `unavailable`.
    """
    try:
        yield
    except StoreError as error:
        _log.error("A client is put off, for the data cannot be read: %s", error)
        raise ProtocolError(
            ErrorCode.UNAVAILABLE, "The server cannot read its data just now; try again later."
        ) from error
