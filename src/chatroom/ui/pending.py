"""The rows above the input line: what the person has said and the server has not confirmed yet."""

from prompt_toolkit.utils import get_cwidth

from chatroom.ui.conversation import Conversation
from chatroom.ui.outgoing import Sent
from chatroom.ui.sanitize import clean
from chatroom.ui.wrap import shorten

ROWS = 5
"""How many rows are used at most; a quarter of a low screen."""

_LEAST = 10
"""How many columns of a message are worth more than to say why it is pending."""


class PendingRows:
    """Shows the pending messages of a conversation, the newest ones if there are many.

    Args:
        conversation: the talk; there are no rows before a room has been entered.
    """

    def __init__(self, conversation: Conversation) -> None:
        self._conversation = conversation

    def rows(self, columns: int, height: int) -> list[str]:
        """Returns the rows for a screen of this size, none as wide as the screen.

        A screen that becomes narrower than what stands on it breaks the rows itself, and parts of
        them would stay behind. So there is some room to drag the window smaller.
        """
        width = columns - 1 - columns // 8
        down = self._conversation.down
        pending = self._conversation.outgoing.pending(at_once=down)
        most = max(1, min(ROWS, height // 4))
        newest = pending if len(pending) <= most else pending[len(pending) - most + 1 :]
        rows = [self._row(sent, width, down=down) for sent in newest]
        if earlier := len(pending) - len(newest):
            rows.insert(0, shorten(f"  ... and {earlier} more before", width))
        return rows

    def next_due(self) -> float | None:
        """Returns the seconds until there is another row, None if that is not a matter of time."""
        return self._conversation.outgoing.next_due()

    def _row(self, sent: Sent, width: int, *, down: bool) -> str:
        name = None if sent.to is None else self._conversation.renderer.name(sent.to)
        head = "  ... " if name is None else f"  ... to {name}: "
        tail = " (not confirmed yet)"
        if down:
            provided = "" if name is None else f", if {name} is too"
            tail = f" (sent when the server is back{provided})"
        text = clean(sent.text[:width])  # more could not be shown anyway
        room = width - get_cwidth(head) - get_cwidth(tail)
        if room < min(_LEAST, get_cwidth(text)):
            return shorten(head + text, width)
        return head + shorten(text, room) + tail
