"""Who is here."""

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from chatroom.log.base import Account
from chatroom.room.roster import Member, Roster

PEOPLE = [Account(number, name, "", number + 1) for number, name in enumerate("bACd", 1)]
MEMBERS = [Member(account, f"{account.name}{n}") for account in PEOPLE for n in range(2)]


class ComingAndGoing(RuleBasedStateMachine):
    """Whoever comes and goes: the roster knows the same as a plain set of members."""

    def __init__(self) -> None:
        super().__init__()
        self.roster: Roster[str] = Roster()
        self.here: set[Member[str]] = set()
        self.version = 0

    def names(self) -> set[str]:
        """Return who is here."""
        return {member.account.name for member in self.here}

    @rule(member=st.sampled_from(MEMBERS))
    def come(self, member: Member[str]) -> None:
        """Somebody comes, unless they are here."""
        if member in self.here:
            return
        news = member.account.name not in self.names()
        self.here.add(member)
        assert self.roster.add(member) is news
        self.version += news

    @rule(member=st.sampled_from(MEMBERS))
    def go(self, member: Member[str]) -> None:
        """Somebody goes, perhaps somebody who is not here."""
        before = self.names()
        self.here.discard(member)
        news = self.names() != before
        assert self.roster.discard(member) is news
        self.version += news

    @invariant()
    def everyone_is_known(self) -> None:
        """Each name stands once, in order, with all its connections."""
        assert self.roster.names == tuple(sorted(self.names()))
        assert self.roster.version == self.version
        for account in PEOPLE:
            expected = {member for member in self.here if member.account == account}
            assert set(self.roster.of(account)) == expected


TestComingAndGoing = ComingAndGoing.TestCase
