"""Times as they stand on the command line: how long, and since when."""

import argparse
import re
import time

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}

_LONGEST = 100 * 365 * 86_400


def duration(text: str) -> float:
    """Returns the seconds that a text like "30m", "12h", "7d" or "2w" means.

    Raises:
        ArgumentTypeError: it means none, or more than a century.
    """
    found = re.fullmatch(r"([0-9]{1,10})([smhdw])", text)
    seconds = int(found[1]) * _SECONDS[found[2]] if found else 0
    if not 0 < seconds <= _LONGEST:
        raise argparse.ArgumentTypeError(f"{text} is no time; write it like 30m, 12h, 7d or 2w")
    return float(seconds)


def since(text: str) -> float:
    """Returns the moment, in seconds since 1970, that a text means.

    That is a date, or a date and a time, in UTC where nothing else is said; or how long ago.

    Raises:
        ArgumentTypeError: it means none.
    """
    from datetime import UTC, datetime  # noqa: PLC0415 - seldom needed

    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        try:
            return time.time() - duration(text)
        except argparse.ArgumentTypeError:
            raise argparse.ArgumentTypeError(
                f"{text} is no moment; write it like 2026-07-01, 2026-07-01T12:30 or 7d"
            ) from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
