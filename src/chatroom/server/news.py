"""Who is here, told to those who are: to a few of a crowd in each round, so the talk goes on."""

from chatroom.protocol import events
from chatroom.room.tickets import RosterChange
from chatroom.server.face import Shared
from chatroom.server.readers import Readers
from chatroom.server.round import Round

PORTION = 32
"""How many are told in one round. To tell 500 of 500 took 5 ms, in which nobody else was heard."""


class RosterNews:
    """Gives everyone the newest list of users. Belongs to the delivery thread.

    Args:
        readers: everyone.
    """

    def __init__(self, readers: Readers) -> None:
        self._readers = readers
        self._newest = 0  # which list is the newest

    def tell(self, work: Round, ticket: RosterChange) -> bool:
        """Give the new list to some who have an older one.

        Args:
            work: the round that it goes with.
            ticket: the news.

        Returns:
            Whether there are more, who are to be told in a later round.
        """
        if ticket.version < self._newest:
            return False  # a newer one is on its way to them
        if ticket.version > self._newest:
            self._newest = ticket.version
            self._readers.roster = Shared(events.update_users(ticket.names))
        told = 0
        for outbox in self._readers:
            if outbox.roster_version < ticket.version:
                if told == PORTION:
                    return True
                told += 1
                outbox.roster_version = ticket.version
                if outbox.stalled:
                    outbox.roster_due = True
                else:
                    work.insert_framed(outbox, self._readers.roster.framed(outbox.framing))
        return False
