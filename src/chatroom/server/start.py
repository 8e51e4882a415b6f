"""Where in a log a connection starts, and what it is told that it cannot get."""

from typing import NamedTuple

from chatroom.log.base import Store
from chatroom.protocol import events
from chatroom.protocol.commands import Place
from chatroom.protocol.events import GapReason, Standing


class Gap(NamedTuple):
    """Entries that a client does not get. The fields are those of `events.gap`."""

    first: int
    last: int
    reason: GapReason

    def frame(self, log: str) -> bytes:
        """Return the news of it."""
        return events.gap(log, *self)


class Start(NamedTuple):
    """Where a connection starts in one log."""

    standing: Standing
    gaps: tuple[Gap, ...] = ()


def start(store: Store, log: int, head: int, place: Place | None, history: int = 0) -> Start:
    """Find out where in `log` a connection starts.

    Args:
        store: where the log is.
        log: its number.
        head: the place of the newest entry that was sent; those behind it come by themselves.
        place: where the client stands, None if it does not know the log.
        history: how many of the newest entries it gets in that case.

    Raises:
        StoreError: the log cannot be read.
    """
    epoch = store.epoch(log)
    oldest = min(store.oldest(log), head + 1)  # the store may be ahead of what was sent
    if place is None:
        return Start(Standing(epoch, head, oldest, max(oldest, head + 1 - history)))
    gaps: list[Gap] = []
    if place.epoch == epoch:
        after = min(place.after, head)
        if after < place.after:
            gaps.append(Gap(after + 1, place.after, "ahead"))
    else:
        after = min(place.after, head, store.shared(log, place.epoch))
        gaps.append(Gap(after + 1, place.after, "epoch"))
    first = max(after + 1, oldest)
    if after + 1 < first:
        gaps.append(Gap(after + 1, first - 1, "retention"))
    recovered = all(gap.last < gap.first for gap in gaps)
    return Start(Standing(epoch, head, oldest, first, recovered), tuple(gaps))
