"""What one client has sent, held against the logs."""

import msgspec

from chatroom.protocol.errors import ErrorCode
from chatroom.selftest.findings import Findings, Kind, tag
from chatroom.selftest.places import Place, Places, called
from chatroom.selftest.records import (
    Again,
    Confirmed,
    Denied,
    Offered,
    Refused,
    Sent,
    Withheld,
)

SendingRecord = Offered | Sent | Withheld | Confirmed | Refused | Again | Denied


class _Message(msgspec.Struct, gc=False):
    """What is known of one message."""

    to: str | None
    life: int
    """In which life it was offered."""
    sent: bool = False
    confirmed: bool = False
    not_in_log: str = ""
    """Why it must be in no log; empty if it may."""


class Sendings:
    """Follows the messages of one client through all its lives.

    A message that the library took is sent, by this life or a later one, until the server answers.
    The answer is told to the program only in the life that sent the message. So of one that was
    not answered in its own life a public message is in the log, while a direct one may have found
    its recipient away.

    Args:
        sender: Whose messages they are.
        places: The logs.
        findings: Is told of every fault.
    """

    def __init__(self, sender: str, places: Places, findings: Findings) -> None:
        self._sender = sender
        self._places = places
        self._findings = findings
        self._messages: dict[str, _Message] = {}  # by text, in the order of their offering
        self._life = 0

    def new_life(self) -> None:
        """The program was started, for the first time or again."""
        self._life += 1

    def take(self, record: SendingRecord) -> None:
        """Takes what happened to a message."""
        text = record.text
        if isinstance(record, Offered):
            self._messages[text] = _Message(record.to, self._life)
            self._places.claim(self._sender, text)
            return
        message = self._messages.get(text)
        if message is None:
            self._findings.fault(
                Kind.UNKNOWN, f"{self._sender} has an answer to {tag(text)}, and never said it."
            )
            return
        match record:
            case Sent():
                message.sent = True
            case Withheld():
                message.not_in_log = "was not taken"
            case Refused(code=code):
                self._refused(text, message, code)
            case Denied(code=code):
                self._findings.fault(
                    Kind.LOST,
                    f"{tag(text)} of {self._sender} was confirmed, and when it was sent again the"
                    f" server answered {code}.",
                )
            case Confirmed():
                message.confirmed = True
                self._findings.confirmed += 1
                self._findings.direct += message.to is not None
                self._placed(record, message)
            case Again():
                self._again(record)
                self._placed(record, message)

    def _refused(self, text: str, message: _Message, code: str) -> None:
        message.not_in_log = "was refused"
        self._findings.refused += 1
        if code != ErrorCode.USER_NOT_IN_ROOM:
            self._findings.restless.append(f"{tag(text)} of {self._sender} was refused: {code}.")

    def _again(self, record: Again) -> None:
        if not record.duplicate:
            self._findings.fault(
                Kind.DOUBLED,
                f"{tag(record.text)} of {self._sender} was stored once more when it was sent"
                " again.",
            )

    def _placed(self, record: Confirmed | Again, message: _Message) -> None:
        """Sees whether the message stands where the server says."""
        self._findings.recognised += record.duplicate
        text = record.text
        place = Place(message.to, record.seq)
        log = self._places.log(message.to)
        if (
            log is not None
            and log.epoch == record.epoch
            and self._places.holds(place, self._sender, text)
        ):
            return
        known = self._places.find(self._sender, text)
        self._findings.fault(
            Kind.LOST if known is None else Kind.MISPLACED,
            f"{tag(text)} was confirmed to {self._sender} as {place};"
            f" it is {known or 'in no log'}.",
        )

    def finish(self) -> None:
        """Finds what is missing, in the wrong log or in the wrong order, and what has no answer."""
        last: dict[str | None, int] = {}  # by log, the highest place so far
        for text, message in self._messages.items():
            place = self._places.find(self._sender, text)
            if place is None:
                self._missing(text, message)
                continue
            self._look_at(text, message, place)
            if place.seq < last.get(place.owner, 0):
                self._findings.fault(
                    Kind.OUT_OF_ORDER,
                    f"{tag(text)} of {self._sender} is {place}, before what was sent earlier.",
                )
            last[place.owner] = max(place.seq, last.get(place.owner, 0))

    def _missing(self, text: str, message: _Message) -> None:
        if not message.sent or message.not_in_log or message.confirmed:
            return  # it need not be there, or that it is not has been found already
        if message.to is None:
            self._findings.fault(
                Kind.LOST, f"{tag(text)} was taken from {self._sender} and is in no log."
            )
        elif message.life == self._life:
            self._unanswered(text)

    def _look_at(self, text: str, message: _Message, place: Place) -> None:
        """Looks at a message that is in a log."""
        if message.not_in_log:
            self._findings.fault(
                Kind.UNKNOWN, f"{tag(text)} of {self._sender} {message.not_in_log}, and is {place}."
            )
        elif place.owner != message.to:
            self._findings.fault(
                Kind.MISPLACED,
                f"{tag(text)} was for {called(message.to)} and is {place}.",
            )
        elif message.life == self._life and message.sent and not message.confirmed:
            self._unanswered(text)

    def _unanswered(self, text: str) -> None:
        self._findings.restless.append(f"{tag(text)} of {self._sender} was never answered.")
