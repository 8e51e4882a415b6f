"""What a program gets of a conversation: messages, other events and answers, in their order.

Belongs to the listening thread. Answers, and messages for the inbox, are handed over once for each
read from the socket, as the locks would cost more than they do.
"""

import logging
import sys
from collections.abc import Callable

from chatroom.client.events import Event, Gap, Message
from chatroom.client.inbox import Inbox
from chatroom.client.pending import Pending
from chatroom.client.position import Position
from chatroom.client.progress import Progress
from chatroom.client.wire import Reply

_logger = logging.getLogger("chatroom.client")


class Handover:
    """Gives everyone what is theirs.

    Args:
        inbox: Where messages go when nobody listens for events.
        pending: The requests that wait for answers.
        on_event: Is told everything, if given; the inbox then stays empty.
        progress: What has been handled, if that is kept.
    """

    def __init__(
        self,
        inbox: Inbox,
        pending: Pending,
        on_event: Callable[[Event], None] | None,
        progress: Progress | None,
    ) -> None:
        self._inbox = inbox
        self._pending = pending
        self._on_event = on_event
        self._progress = progress
        self._fetch: Callable[[], None] = lambda: None
        self._messages: list[Message] = []  # for the inbox
        self._replies: list[tuple[str, Reply]] = []
        self._space = sys.maxsize  # how many messages the inbox can still be given
        self.parked = False
        """Whether messages are left to the server, until the readers have read the others."""

    def begin(self, fetch: Callable[[], None]) -> None:
        """Begins with a new line.

        Args:
            fetch: Called by any thread when messages that were left to the server are wanted.
        """
        self._inbox.forget_callback()
        self._fetch = fetch
        self.parked = False
        if self._on_event is None:
            self._space = self._inbox.space

    def has_room(self) -> bool:
        """Says whether a message can be handed over; waits for slow readers if they get on."""
        if self._space > 0:
            return True
        if not self.parked:
            self.flush()
            if self._space == 0:
                self._space = self._inbox.wait_for_space(self._fetch)
                self.parked = self._space == 0
        return not self.parked

    def message(self, message: Message) -> None:
        """Hands a message over. There must be room for it."""
        if self._progress is not None:
            self._progress.give(message)
        if self._on_event is None:
            self._messages.append(message)
            self._space -= 1
            return
        self._settle()  # what we said before it shows before it
        if self.event(message) and self._progress is not None:
            self._progress.handled(message)

    def reply(self, id: str, reply: Reply) -> None:
        """Hands an answer over."""
        self._replies.append((id, reply))

    def event(self, event: Event) -> bool:
        """Tells an event; returns whether the callback has taken it.

        Whatever it raises is logged and goes no further.
        """
        if self._on_event is None:
            if isinstance(event, Gap):  # nobody else would ever know
                _log_gap(event)
            return True
        try:
            self._on_event(event)
        except Exception:
            _logger.exception("on_event failed on %s", type(event).__name__)
            return False
        return True

    def gap(self, position: Position, gap: Gap) -> None:
        """Tells that entries will not come, and passes them."""
        self.flush()
        self.event(gap)
        self.passed(position)
        if self._progress is not None:
            self._progress.settle([])  # writes it

    def passed(self, position: Position) -> None:
        """Notes that a position has moved to where there is nothing to hand over."""
        place = position.place
        if self._progress is not None and place is not None:
            self._progress.reach(position.log, place)

    def flush(self) -> None:
        """Hands over what has gathered."""
        if self._messages:
            self._inbox.put(self._messages)
            self._messages = []
        self._settle()
        if self._on_event is None and not self.parked:
            self._space = self._inbox.space

    def _settle(self) -> None:
        if self._replies:
            replies, self._replies = self._replies, []
            if self._progress is not None:
                self._progress.settle(replies)
            self._pending.answer(replies)


def _log_gap(gap: Gap) -> None:
    if gap.missed:
        _logger.warning(
            "%d messages were missed (%s, %d to %d: %s)",
            gap.missed,
            gap.log,
            gap.first,
            gap.last,
            gap.reason,
        )
    else:
        _logger.info("nothing was missed (%s: %s)", gap.log, gap.reason)
