"""The sessions of the engine that keeps everything in memory."""

from chatroom.log.base import SESSIONS, Session


class MemorySessions:
    """The sessions of all accounts. Whoever calls a method holds the lock of the store."""

    def __init__(self) -> None:
        self._all: dict[bytes, Session] = {}
        self._of: dict[int, set[bytes]] = {}  # by account

    def get(self, digest: bytes) -> Session | None:
        """Return the session that is known by `digest`."""
        return self._all.get(digest)

    def add(self, digest: bytes, account: int, ts: float) -> None:
        """Add one, in the place of the least lately used if the account has too many."""
        self.end(digest)
        own = self._of.setdefault(account, set())
        if len(own) >= SESSIONS:
            self.end(min(own, key=lambda digest: (self._all[digest].used, digest)))
        self._all[digest] = Session(account, ts)
        own.add(digest)

    def touch(self, digest: bytes, ts: float) -> None:
        """Note that one is in use."""
        if old := self._all.get(digest):
            self._all[digest] = Session(old.account, ts)

    def end(self, digest: bytes) -> None:
        """End one."""
        if old := self._all.pop(digest, None):
            self._of[old.account].remove(digest)

    def end_all(self, account: int) -> None:
        """End all of one account."""
        for digest in self._of.pop(account, ()):
            del self._all[digest]

    def expire(self, before: float) -> None:
        """End those that were not used since `before`."""
        for digest in [digest for digest, each in self._all.items() if each.used < before]:
            self.end(digest)
