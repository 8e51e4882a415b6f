"""Where each message stands in the final logs."""

from typing import NamedTuple

from chatroom.selftest.findings import Findings, Kind, tag
from chatroom.selftest.records import Log, Logs


class Place(NamedTuple):
    """A place in a log."""

    owner: str | None
    """Whose inbox it is; None for the room."""
    seq: int

    def __str__(self) -> str:
        """Says it in words."""
        return f"number {self.seq} of {called(self.owner)}"


def called(owner: str | None) -> str:
    """Returns what the log is called in a sentence."""
    return "the room" if owner is None else f"the inbox of {owner}"


class Places:
    """Finds messages in the logs by who said them and their text.

    Args:
        logs: The logs.
        findings: Is told of messages that stand in them twice.
    """

    def __init__(self, logs: Logs, findings: Findings) -> None:
        self._logs = logs
        self._findings = findings
        self._places: dict[tuple[str, str], Place] = {}
        self._unclaimed: dict[tuple[str, str], Place] = {}
        self._add(None, logs.room)
        for owner, log in logs.inboxes.items():
            self._add(owner, log)
        self._unclaimed.update(self._places)

    def _add(self, owner: str | None, log: Log) -> None:
        for seq, entry in enumerate(log.entries, 1):
            place = Place(owner, seq)
            first = self._places.setdefault((entry.sender, entry.text), place)
            if first is not place:
                self._findings.fault(
                    Kind.DOUBLED, f"{tag(entry.text)} is {first}, and {place} again."
                )

    def log(self, owner: str | None) -> Log | None:
        """Returns the room's log or an inbox, None if there is no such inbox."""
        return self._logs.room if owner is None else self._logs.inboxes.get(owner)

    def find(self, sender: str, text: str) -> Place | None:
        """Returns where a message stands, the first place of several."""
        return self._places.get((sender, text))

    def holds(self, place: Place, sender: str, text: str) -> bool:
        """Says whether this message stands there."""
        log = self.log(place.owner)
        entry = None if log is None else log.at(place.seq)
        return entry is not None and (entry.sender, entry.text) == (sender, text)

    def claim(self, sender: str, text: str) -> None:
        """Takes note that this client did say it."""
        self._unclaimed.pop((sender, text), None)

    def finish(self) -> None:
        """Finds what is in the logs and was said by nobody."""
        for (sender, text), place in self._unclaimed.items():
            self._findings.fault(
                Kind.UNKNOWN, f"{tag(text)} is {place}, and {sender} never said it."
            )
