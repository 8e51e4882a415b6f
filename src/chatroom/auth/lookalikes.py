"""Which names are taken, by what they look like, and which are still to be had."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from chatroom.auth.naming import Naming, looks_taken
from chatroom.log.base import Account
from chatroom.protocol.names import fold


class TakenNames:
    """The names of all accounts and those that are about to get one. Any thread may use it.

    Args:
        naming: says what a new account may be called, and what a name looks like.
        limit: the longest name of a new account, in characters.
    """

    def __init__(self, naming: Naming, limit: int) -> None:
        self._naming = naming
        self._limit = limit
        self._lock = threading.Lock()  # guards the dict; nothing blocks under it
        self._by_look: dict[str, list[str]] = {}

    def check(self, wanted: str) -> str:
        """Return how somebody is called who wants to be called `wanted`.

        Raises:
            ProtocolError: `invalid_username`, also for a name that looks like another one.
        """
        name = self.check_form(wanted)
        with self._lock:
            self._check(name, self._naming.looks(name))
        return name

    def check_form(self, wanted: str) -> str:
        """Do the same without a look at the names of others.

        Raises:
            ProtocolError: `invalid_username`.
        """
        return self._naming.check(wanted, self._limit)

    @contextmanager
    def claimed(self, name: str) -> Iterator[None]:
        """Let nobody else take a name that looks like this one meanwhile.

        Raises:
            ProtocolError: `invalid_username` if somebody else has just done so.
        """
        looks = self._naming.looks(name)
        with self._lock:
            self._check(name, looks)
            self._add(name, looks)
        try:
            yield
        finally:
            self._remove(name, looks)

    def note(self, account: Account, before: Account | None) -> None:
        """Take note of an account that was made or changed.

        Args:
            account: as it is now.
            before: as it was, None for a new one.
        """
        was_there = before is not None and not before.removed
        looks = self._naming.looks(account.name)
        if account.removed and was_there:
            self._remove(account.name, looks)
        elif not (account.removed or was_there):
            with self._lock:
                self._add(account.name, looks)

    def _check(self, name: str, looks: frozenset[str]) -> None:
        key = fold(name)
        others = (other for look in looks for other in self._by_look.get(look, ()))
        alike = next((other for other in others if fold(other) != key), None)
        if alike is not None:
            raise looks_taken(name, alike)

    def _add(self, name: str, looks: frozenset[str]) -> None:
        for look in looks:
            self._by_look.setdefault(look, []).append(name)

    def _remove(self, name: str, looks: frozenset[str]) -> None:
        with self._lock:
            for look in looks:
                names = self._by_look[look]
                names.remove(name)
                if not names:
                    del self._by_look[look]
