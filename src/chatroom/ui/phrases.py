"""Figures and holes, in words for a person."""

from chatroom.client.events import Gap

_UNITS = (("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1))


def messages(count: int) -> str:
    """Returns "1 message" or "3 messages"."""
    return _counted(count, "message")


def duration(seconds: float) -> str:
    """Returns how long something took, in the largest unit of which it is at least two."""
    whole = round(seconds)
    if whole < 1:
        return "less than a second"
    name, size = next(unit for unit in _UNITS if whole >= 2 * unit[1] or unit[1] == 1)
    return _counted(round(whole / size), name)


def gap(gap: Gap) -> str:
    """Returns the sentence that says which messages are missing from a log, and why."""
    whose = "said to everyone" if gap.log == "room" else "said to you alone"
    were = "was" if gap.missed == 1 else "were"
    count = messages(gap.missed)
    match gap.reason:
        case "retention":
            return f"{count} {whose} meanwhile {were} not kept by the server and cannot be shown."
        case "ahead":
            return f"The server has lost {count} {whose} that {were} there before."
        case "epoch":
            are = "is" if gap.missed == 1 else "are"
            lost = (
                f"{count} from before {are} not in it" if gap.missed else "it has all from before"
            )
            return f"The log of what is {whose} is a new one, as after a restore; {lost}."
        case "hole":
            return f"{count} {whose} meanwhile did not reach you."


def _counted(count: int, unit: str) -> str:
    return f"1 {unit}" if count == 1 else f"{count} {unit}s"
