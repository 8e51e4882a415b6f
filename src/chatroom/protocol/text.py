"""What a message may say, and how long a password may be."""

import re

from chatroom.protocol.errors import ErrorCode, ProtocolError

MAX_PASSWORD = 1024
"""The longest password, in bytes of UTF-8."""

_REFUSED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")

_SURROGATES = re.compile("[\ud800-\udfff]")


def has_surrogates(text: str) -> bool:
    """Say whether `text` holds a lone surrogate, which JSON can escape but UTF-8 cannot carry."""
    return not text.isprintable() and _SURROGATES.search(text) is not None


def check_message(text: str, limit: int) -> str:
    """Return `text` if it may be said.

    Args:
        text: the message.
        limit: the longest message, in bytes of UTF-8.

    Raises:
        ProtocolError: `empty_message` if there is nothing but white space, `message_too_long`,
            or `invalid_field` for control characters (Unicode category Cc) other than newline and
            tab and for lone surrogates, which UTF-8 cannot carry.
    """
    # str.isprintable() is true only for texts without any of these, and ten times as fast.
    if not text.isprintable() and (found := _REFUSED.search(text)):
        raise ProtocolError(
            ErrorCode.INVALID_FIELD,
            f"A message holds text, newlines and tabs; take out the character "
            f"U+{ord(found[0]):04X} at place {found.start() + 1}.",
            field="message",
        )
    if len(text) * 4 > limit and len(text.encode()) > limit:
        raise ProtocolError(
            ErrorCode.MESSAGE_TOO_LONG,
            f"A message may have {limit} bytes and this one has {len(text.encode())}; split it.",
            field="message",
        )
    if not text or text.isspace():
        raise ProtocolError(
            ErrorCode.EMPTY_MESSAGE, "The message is empty; send some text.", field="message"
        )
    return text
