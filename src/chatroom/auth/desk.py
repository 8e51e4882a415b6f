"""Where the person who runs the server is served: what is needed for it, and what is answered."""

from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeVar

import msgspec

from chatroom.auth.accounts import Accounts
from chatroom.auth.bans import Bans
from chatroom.auth.invites import Invites
from chatroom.auth.networks import Network, address_of
from chatroom.auth.registration import Registration
from chatroom.protocol.errors import ErrorCode, ProtocolError
from chatroom.protocol.text import has_surrogates

Reply = dict[str, object]
Wanted = TypeVar("Wanted", bound=msgspec.Struct)


class Expulsion(NamedTuple):
    """Whose connections are to be ended, and how they are told."""

    reason: str
    """The `reason` of the `bye`."""
    account: int | None = None
    """The number of the account, None if it is not about one."""
    network: Network | None = None
    """Where they come from, None if it is not about that."""
    message: str | None = None
    """A sentence for the person, None if the reason says all."""

    def concerns(self, account: int | None, address: str) -> bool:
        """Say whether it is about a connection of this account, from this address."""
        if self.account is not None and self.account == account:
            return True
        plain = None if self.network is None else address_of(address)
        return plain is not None and self.network is not None and plain in self.network


class Desk(NamedTuple):
    """What the requests are about."""

    accounts: Accounts
    bans: Bans
    invites: Invites
    registration: Registration
    expel: Callable[[Expulsion], None] = lambda _: None
    """Ends connections; there are none without a server."""


class Request(NamedTuple):
    """A request, and who makes it."""

    fields: Mapping[str, object]
    actor: str
    """As the audit log names who it is; see `audit.operator`."""

    def read(self, kind: type[Wanted]) -> Wanted:
        """Return the request as the given type.

        Raises:
            ProtocolError: `invalid_field`.
        """
        if any(isinstance(value, str) and has_surrogates(value) for value in self.fields.values()):
            raise ProtocolError(  # which no reply that repeats it could carry
                ErrorCode.INVALID_FIELD, "The request holds half a character; type it again."
            )
        try:
            return msgspec.convert(self.fields, kind)
        except (msgspec.ValidationError, UnicodeEncodeError) as error:  # for half a character
            raise ProtocolError(
                ErrorCode.INVALID_FIELD, f"The request is wrong: {error}."
            ) from error
