"""A page of what was said before: what a client gets that scrolls back."""

from collections.abc import Sequence
from typing import NamedTuple

from chatroom.protocol.commands import HistoryLog


class Said(NamedTuple):
    """One message of a page."""

    author: str
    """The username of who said it."""
    text: str
    seq: int
    """Its place in the log."""
    ts: float
    """When it was stored, in seconds since 1970."""

    def fields(self) -> dict[str, object]:
        """Return it as it stands on the wire."""
        return {"from": self.author, "message": self.text, "seq": self.seq, "ts": self.ts}


class Page(NamedTuple):
    """Some consecutive places of a log, with what is there for whoever asks."""

    log: HistoryLog
    """What was asked for."""
    epoch: str
    """Which incarnation of the log it is."""
    first: int
    """The first place that is covered; `last` + 1 where there is none."""
    last: int
    """The last one."""
    oldest: int
    """The place of the oldest entry that is kept. If `first` is not above it, this is the end."""
    said: Sequence[Said]
    """What is at these places, in their order; of somebody else's inbox what the reader said."""
    to: str | None = None
    """To whom that was said, None for what others said."""

    def fields(self) -> dict[str, object]:
        """Return it as it stands on the wire."""
        fields: dict[str, object] = {
            "log": self.log,
            "epoch": self.epoch,
            "from": self.first,
            "to": self.last,
            "oldest": self.oldest,
        }
        if self.to is not None:
            fields["to_user"] = self.to
        return fields | {"entries": [one.fields() for one in self.said]}
