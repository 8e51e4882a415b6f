"""Getting a person into a room: who they are, and their password.

A line that is not logged in is closed by the server after some seconds. So no connection is open
while a person thinks: one connection learns whether the name is new, the next one logs in.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from chatroom.client.connect import account_exists, connect
from chatroom.client.errors import LoginRefused, UnknownServer
from chatroom.client.events import Event
from chatroom.client.room import Room
from chatroom.client.trust import trust_server
from chatroom.protocol.errors import ErrorCode, ProtocolError
from chatroom.protocol.names import check_username
from chatroom.protocol.text import MAX_PASSWORD
from chatroom.ui.sanitize import clean

ATTEMPTS = 3
"""How often a person may get the password or the invite wrong."""

LONGEST_PAUSE = 5.0
"""How many seconds may pass between two attempts to get a lost line back. Somebody sits there and
waits, so it is less than what the library does by itself."""


class Asker(Protocol):
    """Somebody who can be asked."""

    def ask(self, question: str) -> str:
        """Returns the answer; raises EOFError or KeyboardInterrupt when there is none to come."""

    def ask_hidden(self, question: str) -> str:
        """Does the same without showing what is typed."""

    def show(self, lines: Sequence[str]) -> None:
        """Tells something."""


class Door(NamedTuple):
    """The ways to knock at a server, and to let it be known; tests put their own here."""

    connect: Callable[..., Room] = connect
    account_exists: Callable[..., bool] = account_exists
    trust: Callable[[str, str], None] = trust_server


def sign_in(
    asker: Asker,
    address: str,
    *,
    username: str | None,
    password: str | None,
    on_event: Callable[[Event], None],
    history: int = 0,
    door: Door | None = None,
) -> Room:
    """Logs in, asking for what is not known yet, and returns the room.

    Args:
        asker: the person.
        address: the server, as `connect` takes it.
        username: None to ask for it. One that nobody can have is told and asked for again. So is
            the invite, where a new name needs one.
        password: None to ask for it: twice for a new account, up to three times for a known one.
        on_event: passed on to `connect`.
        history: the same.
        door: the way to the server.

    Raises:
        LoginRefused: the password was wrong, given or for the third time, or the invite for the
            third time; or another reason that asking again does not help.
        NotTrusted: the server is not the one that is meant, or the person does not know it.
        Unreachable: there is no server at the address.
        EOFError: the person answers no more. KeyboardInterrupt: the person wants to leave.
    """
    door = door or Door()
    guest = _Guest(asker, username, password)
    while True:
        try:
            secret = guest.password
            if secret is None:
                known = door.account_exists(address, guest.name, **guest.invite)
                ask = _ask_password if known else _choose_password
                secret = ask(asker, guest.name)
            return door.connect(
                address,
                username=guest.name,
                password=secret,
                history=history,
                on_event=on_event,
                longest_pause=LONGEST_PAUSE,
                **guest.invite,
            )
        except LoginRefused as error:
            if not guest.can_mend(error):
                raise
        except UnknownServer as unknown:
            if not _vouches(asker, unknown):
                raise
            door.trust(unknown.address, unknown.fingerprint)


class _Guest:
    """What is known of the person, and how often it was wrong.

    Args:
        asker: the person.
        username: None to ask for it.
        password: None if it is to be asked for.
    """

    def __init__(self, asker: Asker, username: str | None, password: str | None) -> None:
        self._asker = asker
        self.name = _valid(asker, username if username is not None else asker.ask("Username: "))
        self.password = password
        self.invite: dict[str, str] = {}
        """The invite that the person has given, as an argument for the door."""
        self._wrong = 0

    def can_mend(self, error: LoginRefused) -> bool:
        """Shows why the login was refused, and asks for what can be given anew.

        Returns:
            Whether to try again.
        """
        match error.code:
            case ErrorCode.WRONG_PASSWORD if self.password is not None:
                return False
            case ErrorCode.WRONG_PASSWORD | ErrorCode.INVALID_INVITE:
                self._wrong += 1
                if self._wrong == ATTEMPTS:
                    return False
            case ErrorCode.INVALID_USERNAME | ErrorCode.INVITE_REQUIRED:
                pass
            case _:
                return False
        self._asker.show([clean(str(error))])
        if error.code == ErrorCode.INVALID_USERNAME:
            self.name = _valid(self._asker, self._asker.ask("Username: "))
        elif error.code != ErrorCode.WRONG_PASSWORD:
            self.invite = {"invite": self._asker.ask("Invite: ").strip()}
        return True


def _vouches(asker: Asker, unknown: UnknownServer) -> bool:
    """Shows what a server shows that is not known yet, and asks whether it is the right one."""
    asker.show(
        [
            f"The server at {clean(unknown.address)} is not known yet. Its fingerprint is",
            f"  {unknown.fingerprint}",
            "Whoever runs it was shown the right one when it started.",
        ]
    )
    answer = asker.ask("Is it the same, and to be trusted from now on? (yes or no) ")
    return answer.strip().lower() in {"y", "yes"}


def _valid(asker: Asker, name: str) -> str:
    """Returns `name`, or the first one that the person gives instead and that somebody can have.

    Whether it may be in other characters than ASCII, only the server knows.
    """
    while True:
        name = name.strip()
        try:
            return check_username(name) if name.isascii() else name
        except ProtocolError as error:
            asker.show([error.message])
            name = asker.ask("Username: ")


def _ask_password(asker: Asker, name: str) -> str:
    while True:
        password = asker.ask_hidden(f"Password for {clean(name)}: ")
        if not (fault := _fault(password)):
            return password
        asker.show([fault])


def _choose_password(asker: Asker, name: str) -> str:
    """Asks for the password of a new account until it has been given twice."""
    asker.show([f"{clean(name)} is new here. Choose a password to come back with."])
    while True:
        password = asker.ask_hidden("New password: ")
        if fault := _fault(password):
            asker.show([fault])
        elif asker.ask_hidden("The same again: ") == password:
            return password
        else:
            asker.show(["The two are not the same; try again."])


def _fault(password: str) -> str:
    """Returns what is wrong with a password, nothing if it can be tried."""
    if not password:
        return "A password has at least one character."
    if len(password.encode(errors="replace")) > MAX_PASSWORD:
        return f"A password has at most {MAX_PASSWORD} bytes."
    return ""
