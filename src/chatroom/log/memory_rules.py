"""The bans and invites of the engine that keeps everything in memory.

It keeps no audit log: that is for whoever reads the file, and there is none.
"""

from chatroom.log.base import Noted, Refused
from chatroom.log.rules import AddBan, AddInvite, Ban, Invite, LiftBan, RevokeInvite


class MemoryRules:
    """The bans and invites. Whoever calls a method holds the lock of the store."""

    def __init__(self) -> None:
        self._bans: dict[int | str, Ban] = {}
        self._invites: dict[bytes, Invite] = {}

    def bans(self) -> list[Ban]:
        """Return the bans in the order of making."""
        return list(self._bans.values())

    def invites(self) -> list[Invite]:
        """Return the invites in the order of making."""
        return list(self._invites.values())

    def apply(
        self, ts: float, change: AddBan | LiftBan | AddInvite | RevokeInvite
    ) -> Ban | Invite | Noted | Refused:
        """Do `change` at the time `ts`."""
        match change:
            case AddBan(subject, reason, until):
                return self._ban(ts, Ban(subject, reason, ts, until))
            case LiftBan(subject):
                return _noted(self._bans.pop(subject, None))
            case AddInvite(digest, name, until):
                return self._invite(ts, Invite(digest, name, ts, until))
            case _:  # RevokeInvite
                return _noted(self._invites.pop(change.digest, None))

    def _ban(self, ts: float, ban: Ban) -> Ban:
        self._bans = {
            each: old
            for each, old in self._bans.items()
            if each != ban.subject and (old.until is None or old.until > ts)
        }
        self._bans[ban.subject] = ban
        return ban

    def _invite(self, ts: float, invite: Invite) -> Invite | Refused:
        self._invites = {each: old for each, old in self._invites.items() if old.until > ts}
        if invite.digest in self._invites or invite.name in {
            old.name for old in self._invites.values()
        }:
            return Refused()
        self._invites[invite.digest] = invite
        return invite

    def use_invite(self, ts: float, digest: bytes) -> bool:
        """Use an invite up; return whether it was good at the time `ts`."""
        invite = self._invites.get(digest)
        if invite is None or invite.until <= ts:
            return False
        del self._invites[digest]
        return True


def _noted(found: object | None) -> Noted | Refused:
    """Return the outcome of a change that was to take something away."""
    return Refused() if found is None else Noted()
