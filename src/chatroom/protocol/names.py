"""What a user may be called, and when two names are the same.

The rule here is that for names in ASCII. A server may take others, by the rule in `auth.naming`;
when two names are the same is one question for all of them, here.
"""

import re
import unicodedata

from chatroom.protocol.errors import ErrorCode, ProtocolError

MAX_USERNAME = 32
"""The longest username in characters, unless the server's configuration says less."""

_USERNAME = re.compile(r"[A-Za-z0-9._-]+")


def check_username(name: str, limit: int = MAX_USERNAME) -> str:
    """Return `name` if a user may be called that.

    Args:
        name: what somebody wants to be called.
        limit: the longest name in characters.

    Raises:
        ProtocolError: `invalid_username`, with the rule in the sentence.
    """
    if len(name) > limit or not _USERNAME.fullmatch(name):
        raise ProtocolError(
            ErrorCode.INVALID_USERNAME,
            f"A username has 1 to {limit} characters: letters a to z, digits, '-', '_' and '.'.",
            field="username",
        )
    return name


def fold(name: str) -> str:
    """Return the key that `name` is compared by: names that differ only in case are the same.

    So are names that Unicode holds for the same text: composed or not, in full width or not. Of a
    name that somebody may have, it is what PRECIS makes of it by the profile UsernameCaseMapped
    with case folding (RFC 8265, section 3.3); it is defined for any text.
    """
    if name.isascii():
        return name.lower()
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return unicodedata.normalize("NFKC", folded.casefold())


def same(one: str, other: str) -> bool:
    """Say whether two names are the same."""
    return fold(one) == fold(other)


def shown(name: str) -> str:
    """Return `name`, which may be any text, fit for a sentence that goes back to who sent it."""
    return name if name.isprintable() and len(name) <= 2 * MAX_USERNAME else "that"
