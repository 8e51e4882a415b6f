"""The judge: from all that was sent, confirmed and received, and the final logs, what is wrong.

A pure function. It reads each history once and keeps only what it needs of it, so the records may
come straight from files.
"""

from collections.abc import Iterable

from chatroom.selftest.findings import Findings
from chatroom.selftest.places import Places
from chatroom.selftest.records import (
    ROOM,
    Committed,
    Entered,
    Gapped,
    History,
    Logs,
    Received,
    Record,
    Rested,
    Returned,
)
from chatroom.selftest.sendings import Sendings
from chatroom.selftest.stream import Stream


def check(logs: Logs, histories: Iterable[History]) -> Findings:
    """Holds what the clients were told against the logs, and the logs against what they said.

    Args:
        logs: The logs when everything has come to rest.
        histories: One for each client. They all entered the empty room, so each is to receive the
            whole log of the room and its whole inbox.
    """
    findings = Findings()
    places = Places(logs, findings)
    for history in histories:
        _Client(history.name, places, findings).follow(history.lives)
    places.finish()
    return findings


class _Client:
    """Follows one client."""

    def __init__(self, name: str, places: Places, findings: Findings) -> None:
        self._name = name
        self._findings = findings
        self._room = Stream(name, None, places, findings)
        self._inbox = Stream(name, name, places, findings)
        self._sendings = Sendings(name, places, findings)
        self._rested = False

    def follow(self, lives: Iterable[Iterable[Record]]) -> None:
        """Goes through all records and looks at what they come to."""
        for records in lives:
            self._rested = False
            self._sendings.new_life()
            self._room.new_life()
            self._inbox.new_life()
            for record in records:
                self._take(record)
        self._sendings.finish()
        self._room.finish()
        self._inbox.finish()
        if not self._rested:
            self._findings.restless.append(f"{self._name} did not come to rest.")

    def _take(self, record: Record) -> None:
        match record:
            case Received(log=log):
                self._stream(log).received(record)
            case Committed(log=log, seq=seq):
                self._stream(log).committed(seq)
            case Gapped(log=log):
                self._stream(log).gapped(record)
            case Returned(away=away):
                self._findings.longest_away = max(self._findings.longest_away, away)
            case Entered():
                pass
            case Rested():
                self._rested = True
            case _:
                self._sendings.take(record)

    def _stream(self, log: str) -> Stream:
        return self._room if log == ROOM else self._inbox
