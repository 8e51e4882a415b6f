"""Whether a new name makes an account, and what is recorded of it."""

from typing import Literal

from chatroom.auth.audit import Deed
from chatroom.auth.invites import Invites
from chatroom.log.rules import Act, Invite
from chatroom.protocol.errors import ErrorCode, ProtocolError

Mode = Literal["open", "invite", "closed"]


class Registration:
    """The rule for new names. Any thread may call any method.

    Args:
        mode: `open` for everybody, `invite` for whoever has one, `closed` for nobody.
        invites: those that there are.
    """

    def __init__(self, mode: Mode, invites: Invites) -> None:
        self.mode = mode
        """Who may register."""
        self._invites = invites

    @property
    def is_closed(self) -> bool:
        """Whether nobody new is taken, so that nobody need be told which names there are."""
        return self.mode == "closed"

    def wrong_password(self, username: str) -> ProtocolError:
        """Return the error for a wrong password; where nobody new is taken, for a wrong name too.

        Args:
            username: the name, as it was given.
        """
        sentence = (
            f"Nobody called {username} has that password here, and new users are not taken; "
            "try again, or ask the person who runs the server for an account."
            if self.is_closed
            else f"That is not the password of {username}; try again, or choose another name."
        )
        return ProtocolError(ErrorCode.WRONG_PASSWORD, sentence, field="password")

    def check(self, code: str | None) -> Invite | None:
        """Return the invite that an account is made with, None if with none.

        Raises:
            ProtocolError: `invite_required` or `invalid_invite`.
        """
        return self._invites.check(code) if self.mode == "invite" else None

    def done(self, invite: Invite | None) -> None:
        """Take note that an invite was used."""
        if invite is not None:
            self._invites.forget(invite)


def act_of(username: str, address: str, invite: Invite | None) -> Act:
    """Return what is recorded of a registration.

    Args:
        username: the new name.
        address: where it came from; empty if that is not known.
        invite: what it was made with, None if with none.
    """
    origin = f"from {address}" if address else ""
    means = f"with the invite {invite.name}" if invite is not None else ""
    return Act(username, Deed.REGISTER, username, f"{origin} {means}".strip(), guest=True)
