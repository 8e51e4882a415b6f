"""Times, terms and reasons as a person reads them."""

import time

from chatroom.log.rules import Ban
from chatroom.protocol.errors import ErrorCode, ProtocolError

REASON_BYTES = 500
"""The longest reason, in bytes of UTF-8."""


def moment(ts: float) -> str:
    """Return a time, given in seconds since 1970, to the minute."""
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(ts))


def ban_terms(ban: Ban) -> str:
    """Return for how long and why, as part of a sentence."""
    term = "for good" if ban.until is None else f"until {moment(ban.until)}"
    return f"{term} ({ban.reason})" if ban.reason else term


def banned(name: str | None, ban: Ban) -> str:
    """Return the sentence for whoever is kept out.

    Args:
        name: of the account; None where it is about an address.
        ban: why and for how long.
    """
    who = "This address" if name is None else name
    return f"{who} is banned here {ban_terms(ban)}; ask the person who runs the server."


def check_reason(reason: str) -> str:
    """Return `reason` if it can be told to somebody.

    Raises:
        ProtocolError: `invalid_field`, with the rule in the sentence.
    """
    if not reason.isprintable() or len(reason.encode()) > REASON_BYTES:
        raise ProtocolError(
            ErrorCode.INVALID_FIELD,
            f"A reason has at most {REASON_BYTES} bytes of UTF-8 on one line; say it shorter.",
            field="reason",
        )
    return reason
