"""What the client library raises.

    ChatroomError                anything that goes wrong between a client and its room
    ├── Unreachable              no server could be reached and logged in to at the address
    ├── NotTrusted               what answers there has not shown that it is the right server
    │   └── UnknownServer        nobody has vouched for it yet; `trust_server` does
    ├── ConnectionLost           there was a line, and it is gone for good
    ├── Closed                   close() was called on the room
    ├── RequestTimeout           the server did not answer in time (also a TimeoutError)
    ├── PasswordRequired         the account needs a password and none was given
    ├── ReaderTooSlow            messages were dropped because nobody read them
    ├── StateUnusable            the state file is damaged, in use, or somebody else's
    └── Refused                  the server understood the request and said no
        ├── LoginRefused         it was the login
        └── NotInRoom            a direct message to somebody who is not there

The text of each is one sentence for a person. The names say what happened and do not end in
"Error", as `except chatroom.Closed` reads best.
"""


class ChatroomError(Exception):
    """The root of the tree; catch it to catch everything the library raises on purpose."""


class Unreachable(ChatroomError):
    """No server could be reached and logged in to at the address."""


class NotTrusted(ChatroomError):
    """What answers at the address has not shown that it is the right server.

    Nothing has been said to it.
    """


class UnknownServer(NotTrusted):
    """The server shows a certificate of its own making, and nobody has said yet that it is right.

    Args:
        address: The server, as host:port.
        fingerprint: The fingerprint of the certificate that it shows.
    """

    def __init__(self, address: str, fingerprint: str) -> None:
        self.address = address
        self.fingerprint = fingerprint
        super().__init__(
            f"The server at {address} is not known yet; if whoever runs it says that this is its"
            f" fingerprint, connect with --fingerprint {fingerprint}."
        )


class ConnectionLost(ChatroomError):
    """The line broke and no further attempt to get it back will be made."""


class Closed(ChatroomError):
    """The room was closed by `close()`."""

    def __init__(self, message: str = "The room has been left; connect again to go on.") -> None:
        super().__init__(message)


class RequestTimeout(ChatroomError, TimeoutError):
    """The answer did not come within the time given."""


class PasswordRequired(ChatroomError):
    """The account needs a password and none was given.

    Args:
        username: The name as it was given.
        new_user: True when the name is free: the password will be the new account's.
    """

    def __init__(self, username: str, *, new_user: bool) -> None:
        self.username = username
        self.new_user = new_user
        super().__init__(
            f"{username} is a new name; choose a password for it."
            if new_user
            else f"The account {username} needs its password."
        )


class ReaderTooSlow(ChatroomError):
    """Messages were dropped because nobody read them; raised once, then reading goes on.

    Only where a line is not got back: then there is no way to get them later.

    Args:
        skipped: How many messages were dropped.
    """

    def __init__(self, skipped: int) -> None:
        self.skipped = skipped
        super().__init__(
            f"{skipped} messages were dropped because nobody read them in time; read them faster."
        )


class StateUnusable(ChatroomError):
    """The file given as `state` is damaged, in use, of another user, or cannot be written.

    What is in it stays as it is.
    """


class Refused(ChatroomError):
    """The server understood the request and refused it.

    Args:
        code: The code of the wire contract, such as "message_too_long".
        message: The server's sentence for a person.
        field: The field at fault, where it is known.
        retry_after: Seconds after which trying again may succeed, where they are known.
    """

    def __init__(
        self, code: str, message: str, field: str | None = None, retry_after: float | None = None
    ) -> None:
        self.code = code
        self.message = message
        self.field = field
        self.retry_after = retry_after
        super().__init__(message)


class LoginRefused(Refused):
    """The login was refused: wrong_password, registration_closed, invalid_username and so on."""


class NotInRoom(Refused):
    """A direct message to somebody who is not in the room."""
