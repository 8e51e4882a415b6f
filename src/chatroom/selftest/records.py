"""What is written down during a self-test: what each client did and was told, and the final logs.

A client is one account. Its program is killed and started again; each of its *lives* has a list of
records, in the order in which things happened. A message is known by its text, which no other
message of the run has.
"""

from collections.abc import Iterable, Sequence

import msgspec

ROOM = "room"
"""The log of the public messages, as the wire calls it."""

INBOX = "inbox"
"""The log of the direct messages to a client, as the wire calls it."""


class _Record(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=str.lower):
    """One thing that happened, as one line of a journal."""


class Entered(_Record, frozen=True):
    """The client is in the room, for the first time in this life."""


class Offered(_Record, frozen=True):
    """The client is about to give a message to the library."""

    text: str
    to: str | None
    """Whom a direct message is for; None for a public one."""


class Sent(_Record, frozen=True):
    """The library has taken the message: from now on it is to be stored, whatever happens."""

    text: str


class Withheld(_Record, frozen=True):
    """The library has said that it did not take the message."""

    text: str
    reason: str


class Confirmed(_Record, frozen=True):
    """The server's word that the message is in the log."""

    text: str
    seq: int
    epoch: str
    duplicate: bool


class Refused(_Record, frozen=True):
    """The server's word that the message is in no log, and will not be."""

    text: str
    code: str


class Again(_Record, frozen=True):
    """A confirmed message was sent once more under its id, and this was the answer."""

    text: str
    seq: int
    epoch: str
    duplicate: bool


class Denied(_Record, frozen=True):
    """A confirmed message was sent once more under its id and was refused."""

    text: str
    code: str


class Received(_Record, frozen=True):
    """The library has given the client's program a message."""

    log: str
    """`ROOM` or `INBOX`."""
    epoch: str
    seq: int
    prev: int
    sender: str
    to: str | None
    text: str
    replay: bool


class Committed(_Record, frozen=True):
    """The program has dealt with everything it received of this log up to a place, for good."""

    log: str
    seq: int


class Gapped(_Record, frozen=True):
    """The library has said that entries are missing."""

    log: str
    first: int
    last: int
    reason: str


class Returned(_Record, frozen=True):
    """The line to the server is back."""

    missed: int
    """How many entries were to be sent because of that."""
    away: float
    """For how many seconds it was down."""


class Rested(_Record, frozen=True):
    """All that the client sent is answered, and it has received the last message of each log."""


Record = (
    Entered
    | Offered
    | Sent
    | Withheld
    | Confirmed
    | Refused
    | Again
    | Denied
    | Received
    | Committed
    | Gapped
    | Returned
    | Rested
)


class History(msgspec.Struct, frozen=True):
    """What one client did and was told."""

    name: str
    lives: Iterable[Iterable[Record]]
    """One list of records for each time that its program ran, in order. Looked at once."""


class Entry(msgspec.Struct, frozen=True, gc=False):
    """A message as the log has it."""

    sender: str
    text: str


class Log(msgspec.Struct, frozen=True):
    """A log as it is in the end. The places are 1, 2, 3 and so on."""

    epoch: str
    entries: Sequence[Entry]

    def at(self, seq: int) -> Entry | None:
        """Returns the entry at a place, None if there is no such place."""
        return self.entries[seq - 1] if 1 <= seq <= len(self.entries) else None


class Logs(msgspec.Struct, frozen=True):
    """All logs as they are in the end."""

    room: Log
    inboxes: dict[str, Log]
    """The inbox of each account, by its name."""
