"""What Tab does on an input line: operations, then the names of those who are here."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from chatroom.protocol.names import fold
from chatroom.ui.operations import NAMES
from chatroom.ui.sanitize import clean


class Completed(NamedTuple):
    """What becomes of the word that the cursor stands behind."""

    begun: str
    """The word as typed so far."""
    word: str
    """What takes its place; the same when it is not clear yet how it goes on."""
    choices: tuple[str, ...]
    """What it could become, when nothing could be added."""


def complete(line: str, users: Sequence[str]) -> Completed:
    """Completes the last word of `line`, the text before the cursor.

    The first word becomes an operation and the word behind DM one of `users`, whatever their case.
    The only candidate is taken, with a blank behind it; of several, as much as they share.
    """
    return _completed(*_candidates(line, users))


def complete_name(line: str, users: Sequence[str]) -> Completed:
    """Completes `line`, the text before the cursor, to one of `users`, whatever their case.

    What is taken is the same as for `complete`.
    """
    begun = line.lstrip()
    return _completed(begun, _matching(begun, users))


def _completed(begun: str, words: Sequence[str]) -> Completed:
    """Returns what becomes of a word that can become any of `words`."""
    if len(words) == 1:
        return Completed(begun, words[0] + " ", ())
    shared = _shared(words) if words else ""
    if len(shared) > len(begun):
        return Completed(begun, shared, ())
    return Completed(begun, begun, tuple(words))


def _candidates(line: str, users: Sequence[str]) -> tuple[str, list[str]]:
    """Returns the word that is to be completed and all that it can become."""
    first, space, rest = line.lstrip().partition(" ")
    if not space:
        slash = "/" if first.startswith("/") else ""
        return first, _matching(first, (slash + name for name in NAMES))
    begun = rest.lstrip()
    if first.removeprefix("/").upper() == "DM" and " " not in begun:
        return begun, _matching(begun, users)
    return "", []


def _shared(words: Sequence[str]) -> str:
    """Returns what all the words start with, whatever their case, spelt as in the first."""
    first, folded = words[0], [fold(word) for word in words]
    for length in range(len(first)):
        begun = fold(first[: length + 1])
        if not all(word.startswith(begun) for word in folded):
            return first[:length]
    return first


def _matching(begun: str, words: Iterable[str]) -> list[str]:
    """Returns the words that start like `begun`.

    A name that would not be shown as it is cannot be typed either, so it is not offered.
    """
    return [word for word in words if fold(word).startswith(fold(begun)) and clean(word) == word]
