"""Who is here."""

from bisect import bisect_left, insort
from collections.abc import Iterable
from typing import Generic, TypeVar

from chatroom.log.base import Account

Channel = TypeVar("Channel")


class Member(Generic[Channel]):
    """One logged-in connection.

    Args:
        account: who it is.
        channel: what leads to the connection; the room does not look at it.
    """

    __slots__ = ("account", "channel")

    def __init__(self, account: Account, channel: Channel) -> None:
        self.account = account
        self.channel = channel


class Roster(Generic[Channel]):
    """The members by account, and the names of the accounts. Whoever has it guards it."""

    def __init__(self) -> None:
        self._members: dict[int, set[Member[Channel]]] = {}
        self._sorted: list[str] = []
        self._names: tuple[str, ...] | None = ()  # a copy of _sorted, None when out of date
        self.version = 0
        """Counts how often `names` has changed."""

    @property
    def names(self) -> tuple[str, ...]:
        """The name of everyone who is here, each once, sorted."""
        if self._names is None:
            self._names = tuple(self._sorted)
        return self._names

    def add(self, member: Member[Channel]) -> bool:
        """Take `member` in; return whether that changes `names`."""
        members = self._members.setdefault(member.account.number, set())
        members.add(member)
        if len(members) > 1:
            return False
        insort(self._sorted, member.account.name)
        self._change()
        return True

    def discard(self, member: Member[Channel]) -> bool:
        """Let `member` go, if it is here; return whether that changes `names`."""
        members = self._members.get(member.account.number, set())
        members.discard(member)
        if members or self._members.pop(member.account.number, None) is None:
            return False
        del self._sorted[bisect_left(self._sorted, member.account.name)]
        self._change()
        return True

    def of(self, account: Account) -> Iterable[Member[Channel]]:
        """Return the members of `account`, of which there are none when it is not here."""
        return self._members.get(account.number, ())

    def _change(self) -> None:
        self._names = None
        self.version += 1
