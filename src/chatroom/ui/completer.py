"""What Tab offers on an input line: operations, then the names of those who are here."""

from collections.abc import Callable, Iterable, Sequence

from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document

from chatroom.protocol.names import fold
from chatroom.ui.operations import NAMES
from chatroom.ui.sanitize import clean


class LineCompleter(Completer):
    """Completes the first word to an operation and the word behind DM to a user.

    Args:
        users: gives the names to offer.
    """

    def __init__(self, users: Callable[[], Sequence[str]]) -> None:
        self._users = users

    def get_completions(
        self, document: Document, complete_event: CompleteEvent
    ) -> Iterable[Completion]:
        """Yields what the word before the cursor can become."""
        del complete_event  # Tab is the only event there is
        first, space, rest = document.text_before_cursor.lstrip().partition(" ")
        if not space:
            slash = "/" if first.startswith("/") else ""
            return _matching(first, [slash + name for name in NAMES])
        if first.removeprefix("/").upper() == "DM" and " " not in (begun := rest.lstrip()):
            return _matching(begun, self._users())
        return ()


def _matching(begun: str, words: Iterable[str]) -> Iterable[Completion]:
    """Yields the words that start like `begun`, whatever its case, with a blank behind each.

    A name that would not be shown as it is cannot be typed either, so it is not offered.
    """
    for word in words:
        if fold(word).startswith(fold(begun)) and clean(word) == word:
            yield Completion(word + " ", start_position=-len(begun), display=word)
