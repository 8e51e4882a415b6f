"""Invites: codes that let one new account in, once.

Like a session, an invite is a secret that cannot be guessed, so the store keeps a digest of it that
is made by a fast hash. The first group of a code is no secret: it is what the invite is called. The
rest has 80 random bits.
"""

import hashlib
import secrets
import threading
import time
from collections.abc import Callable, Iterable

from chatroom.auth.audit import Commit, Deed, commit_audited
from chatroom.auth.wording import moment
from chatroom.log.rules import Act, AddInvite, Invite, RevokeInvite
from chatroom.protocol.errors import ErrorCode, ProtocolError

INVITES = 10_000
"""How many invites there may be at once; one more is refused."""

GROUP, GROUPS = 4, 5
"""A code is so many characters in each of so many groups; five bits a character."""

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32, in which no two characters look alike."""

_AS_MEANT = str.maketrans("OIL", "011", "- \t")
"""What somebody may have written, and what it means."""


class Invites:
    """The invites of one store. Any thread but the committer may call any method.

    Args:
        known: every invite of the store.
        commit: commits a change and waits for its outcome.
        clock: seconds since 1970.
    """

    def __init__(
        self, known: Iterable[Invite], commit: Commit, clock: Callable[[], float] = time.time
    ) -> None:
        self._commit = commit
        self._clock = clock
        self._lock = threading.Lock()  # guards changes of the dict; nothing blocks under it
        self._by_digest = {invite.digest: invite for invite in known}

    def check(self, code: str | None) -> Invite:
        """Return the invite that `code` stands for.

        Raises:
            ProtocolError: `invite_required` without a code, `invalid_invite` for one that is
                unknown, used, revoked or too old.
        """
        if code is None:
            raise ProtocolError(
                ErrorCode.INVITE_REQUIRED,
                "A new name needs an invite; ask the person who runs the server for one.",
                field="invite",
            )
        invite = self._by_digest.get(digest(code))
        if invite is None or not self._is_good(invite):
            raise invalid()
        return invite

    def _is_good(self, invite: Invite) -> bool:
        return invite.until > self._clock()

    def all(self) -> list[Invite]:
        """Return the invites that are good, in the order of making."""
        with self._lock:
            return [invite for invite in self._by_digest.values() if self._is_good(invite)]

    def make(self, seconds: float, actor: str) -> str:
        """Make an invite and return its code.

        Args:
            seconds: how long it is good.
            actor: who makes it.

        Raises:
            ProtocolError: `invalid_field` if there are as many as there may be, or `storage_full`.
        """
        if len(self.all()) >= INVITES:
            raise ProtocolError(
                ErrorCode.INVALID_FIELD, f"There are {INVITES:,} invites already; revoke some."
            )
        until = round(self._clock() + seconds, 3)
        while True:
            code = _new_code()
            act = Act(actor, Deed.INVITE, code[:GROUP], f"until {moment(until)}")
            change = AddInvite(digest(code), code[:GROUP], until)
            outcome = commit_audited(self._commit, change, act)
            if isinstance(outcome, Invite):  # else one that is good has the name by chance
                break
        with self._lock:
            kept = [invite for invite in self._by_digest.values() if self._is_good(invite)]
            self._by_digest = {invite.digest: invite for invite in [*kept, outcome]}
        return code

    def revoke(self, word: str, actor: str) -> Invite:
        """Let nobody in by an invite any more.

        Args:
            word: its name or its code.
            actor: who decides it.

        Raises:
            ProtocolError: `invalid_invite` if there is none, or `storage_full`.
        """
        meant = (_plain(word), digest(word))
        for invite in self.all():
            if invite.name == meant[0] or invite.digest == meant[1]:
                act = Act(actor, Deed.REVOKE, invite.name)
                commit_audited(self._commit, RevokeInvite(invite.digest), act)
                self.forget(invite)
                return invite
        raise ProtocolError(
            ErrorCode.INVALID_INVITE, "There is no such invite; 'chatroom invite --list' shows all."
        )

    def forget(self, invite: Invite) -> None:
        """Take note that an invite is gone from the store, as when it was used."""
        with self._lock:
            self._by_digest.pop(invite.digest, None)


def digest(code: str) -> bytes:
    """Return what an invite is known by in the store: SHA-256 (FIPS 180-4) of its code."""
    return hashlib.sha256(_plain(code).encode(errors="surrogatepass")).digest()


def invalid() -> ProtocolError:
    """Return the error for a code that lets nobody in."""
    return ProtocolError(
        ErrorCode.INVALID_INVITE,
        "This invite is not good: it is mistyped, used, revoked or too old; ask for another.",
        field="invite",
    )


def _new_code() -> str:
    groups = ("".join(secrets.choice(_ALPHABET) for _ in range(GROUP)) for _ in range(GROUPS))
    return "-".join(groups)


def _plain(code: str) -> str:
    return code.upper().translate(_AS_MEANT)
