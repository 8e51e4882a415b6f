"""What one client has received of one log, held against the log."""

from array import array

from chatroom.selftest.findings import Findings, Kind, tag
from chatroom.selftest.places import Place, Places, called
from chatroom.selftest.records import Gapped, Received


class Stream:
    """Follows what a client receives of one log, through all its lives.

    It is to receive every entry once and in order. When its program is killed over an entry, the
    next life begins behind the last place that was committed, so what came behind that comes again.
    Its own public messages are confirmed to it in their places instead of being sent; after a break
    they may come as entries too.

    Args:
        reader: Whose stream it is.
        owner: Whose log it is: None for the room, the reader for its inbox.
        places: The logs.
        findings: Is told of every fault.
    """

    def __init__(self, reader: str, owner: str | None, places: Places, findings: Findings) -> None:
        self._reader = reader
        self._owner = owner
        self._places = places
        self._findings = findings
        log = places.log(owner)
        self._epoch = "" if log is None else log.epoch
        self._entries = () if log is None else log.entries
        # By place, the number of the life in which it was received last; 0 for never.
        self._lives = array("L", bytes(array("L").itemsize * (len(self._entries) + 1)))
        self._life = 0
        self._last = 0  # the place received last in this life
        self._highest = 0  # the highest place received in any life
        self._committed = 0

    def new_life(self) -> None:
        """The program was started, for the first time or again."""
        self._life += 1
        self._last = 0

    def received(self, record: Received) -> None:
        """Takes an entry that the client received."""
        self._findings.deliveries += 1
        self._findings.replayed += record.replay
        if not self._is_right(record):
            return
        seq = record.seq
        fault = self._order(seq, own=self._owner is None and record.sender == self._reader)
        if fault is not None:
            self._say(fault, record)
        self._lives[seq] = self._life
        self._last = max(self._last, seq)
        self._highest = max(self._highest, seq)

    def _is_right(self, record: Received) -> bool:
        """Says whether the log has this very message there; if not, that is a fault."""
        place = Place(self._owner, record.seq)
        if (
            record.epoch == self._epoch
            and record.to == self._owner
            and self._places.holds(place, record.sender, record.text)
        ):
            if record.prev == record.seq - 1:
                return True
            self._findings.fault(
                Kind.MISPLACED,
                f"{self._reader} received {tag(record.text)} as {place},"
                f" behind number {record.prev}.",
            )
            return True
        known = self._places.find(record.sender, record.text)
        self._findings.fault(
            Kind.UNKNOWN if known is None else Kind.MISPLACED,
            f"{self._reader} received {tag(record.text)} as {place}; it is {known or 'in no log'}.",
        )
        return False

    def _order(self, seq: int, *, own: bool) -> Kind | None:
        """Says what is wrong with receiving this place now."""
        before = self._lives[seq]
        if before == self._life or ((before or own) and seq <= self._committed):
            return Kind.DOUBLED
        if seq <= self._last or (seq < self._highest and not before and not own):
            return Kind.OUT_OF_ORDER
        self._findings.repeated += before > 0  # it had not been committed
        return None

    def _say(self, fault: Kind, record: Received) -> None:
        place = Place(self._owner, record.seq)
        how = "once more" if fault is Kind.DOUBLED else f"behind number {self._highest}"
        self._findings.fault(fault, f"{self._reader} received {tag(record.text)}, {place}, {how}.")

    def committed(self, seq: int) -> None:
        """Takes note that everything received up to this place has been dealt with."""
        self._committed = max(self._committed, seq)

    def gapped(self, record: Gapped) -> None:
        """The client was told that something is missing, and nothing is to be missing."""
        self._findings.fault(
            Kind.LOST,
            f"{self._reader} was told that numbers {record.first} to {record.last} of"
            f" {called(self._owner)} are missing ({record.reason}).",
        )

    def finish(self) -> None:
        """Finds what was never received."""
        for seq, entry in enumerate(self._entries, 1):
            own = self._owner is None and entry.sender == self._reader
            if not self._lives[seq] and not own:
                self._findings.fault(
                    Kind.LOST,
                    f"{self._reader} never received {tag(entry.text)}, {Place(self._owner, seq)}.",
                )
