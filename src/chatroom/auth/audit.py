"""What is recorded of who decided what, and how a decision is committed with its record."""

from collections.abc import Callable
from enum import StrEnum

from chatroom.log.base import Audited, Change, Decision, Outcome, StorageFull
from chatroom.log.rules import Act
from chatroom.protocol.errors import ErrorCode, ProtocolError

Commit = Callable[[Change], Outcome]
"""Commits a change and waits for its outcome; see `Committer.call`."""

SERVER = "server"
"""Who decided what nobody asked for."""


class Deed(StrEnum):
    """What can be decided, as it stands in the audit log."""

    ADD = "add"
    PASSWD = "passwd"  # noqa: S105  # nosec B105  # a deed, not a password
    REMOVE = "remove"
    BAN = "ban"
    UNBAN = "unban"
    KICK = "kick"
    INVITE = "invite"
    REVOKE = "revoke"
    REGISTER = "register"


def operator(uid: int) -> str:
    """Return how the audit log names a user of the server's system; no account is called that."""
    return f"uid:{uid}"


def commit_audited(commit: Commit, change: Decision, act: Act) -> Outcome:
    """Commit `change` together with the record of it, and wait for the outcome.

    Raises:
        ProtocolError: `storage_full`.
        HandoffClosed: the server has stopped.
    """
    try:
        return commit(Audited(change, act))
    except StorageFull as error:
        raise ProtocolError(
            ErrorCode.STORAGE_FULL, "The server's disk is full; try again later."
        ) from error
