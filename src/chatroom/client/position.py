"""Where a client stands in a log: the highest place up to which it has everything.

On one line the entries of a log come in their order, and in the place of an own message its
confirmation. So what comes next is known: what lies behind the position is dropped, as we have it,
and what lies further ahead shows a hole. Then the line is given up and got back from the position,
upon which the server sends what was missing. If it leaves out the same again, that is told as a
`Gap` and the position goes on behind it.

Belongs to the listening thread; knows no clock and no lock.
"""

from chatroom.client.events import Gap, Log
from chatroom.client.kept import Place
from chatroom.client.wire import LineBroken

OWN_PLACES = 10_000
"""How many own messages ahead of the position are remembered."""


class Position:
    """The position in one log. What reads many entries moves it by its fields.

    Args:
        log: What the log is called.
        place: Where it stands; None if that is not known yet.
        ask_again: Whether a hole may be asked for on another line.
    """

    def __init__(self, log: Log, place: Place | None = None, *, ask_again: bool = True) -> None:
        self.log: Log = log
        self.epoch: str | None = None if place is None else place.epoch
        self.seq = 0 if place is None else place.after
        self.own: set[int] = set()
        """Places ahead that hold own messages, which were confirmed to us."""
        self._ask_again = ask_again
        self._hole: Place | None = None  # where the last one was

    @property
    def place(self) -> Place | None:
        """Where it stands, None if that is not known yet."""
        return None if self.epoch is None else Place(self.epoch, self.seq)

    def move(self, epoch: str, seq: int) -> None:
        """Goes to a place, wherever it is."""
        if epoch == self.epoch and seq >= self.seq:
            self.own = {place for place in self.own if place > seq}
        else:
            self.own.clear()  # these places hold other entries, or none
        self.epoch, self.seq = epoch, seq

    def has(self, epoch: str, seq: int) -> bool:
        """Says whether this entry lies behind us."""
        return epoch == self.epoch and seq <= self.seq

    def reach(self, epoch: str, prev: int) -> Gap | None:
        """Goes up to `prev`, the place before an entry that has come and lies ahead.

        Returns:
            What is missing for good, None if nothing is.

        Raises:
            LineBroken: Entries are missing, and are to be asked for once more.
        """
        if self.epoch is None:  # the server has not said where we came in: here
            self.epoch, self.seq = epoch, prev
        if epoch == self.epoch and prev <= self.seq:
            return None
        here = Place(self.epoch, self.seq)
        if self._ask_again and here != self._hole:
            self._hole = here
            raise LineBroken("The server left out messages, which are asked for again.")
        first = self.seq + 1 if epoch == self.epoch else 1
        self.move(epoch, prev)
        return Gap(self.log, first, prev, prev - first + 1, "hole")

    def take_own(self, seq: int) -> bool:
        """Says whether the entry that has just been reached is an own one, confirmed before."""
        known = seq in self.own
        self.own.discard(seq)
        return known

    def remember(self, epoch: str, seq: int) -> None:
        """Remembers that a place ahead holds an own message.

        When too many are remembered, the further ones come as messages like those of others.
        """
        if epoch == self.epoch and len(self.own) < OWN_PLACES:
            self.own.add(seq)
