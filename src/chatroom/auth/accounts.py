"""Who is registered: all accounts in memory, every change of them through the log's committer."""

import threading
from collections.abc import Callable, Iterable
from typing import NamedTuple

from chatroom.auth.passwords import Passwords, check_password
from chatroom.log.base import (
    Account,
    AddAccount,
    Change,
    Outcome,
    RemoveAccount,
    SetPassword,
    StorageFull,
)
from chatroom.protocol.errors import ErrorCode, ProtocolError
from chatroom.protocol.names import check_username, fold

_PUBLISHED_SECONDS = 10.0


class Admission(NamedTuple):
    """Somebody has shown to be who they say."""

    account: Account
    new_user: bool
    """Whether the account was made just now."""


class Accounts:
    """The accounts of one store. Any thread but the committer may call any method.

    Args:
        known: every account of the store.
        commit: commits a change and waits for its outcome; see `Committer.call`.
        passwords: makes and checks the hashes.
        username_length: the longest name of a new account, in characters.
        registration: whether a new name makes an account.
    """

    def __init__(
        self,
        known: Iterable[Account],
        commit: Callable[[Change], Outcome],
        passwords: Passwords,
        *,
        username_length: int,
        registration: bool = True,
    ) -> None:
        self._commit = commit
        self._passwords = passwords
        self._username_length = username_length
        self._registration = registration
        # Guards changes of the two dicts; nothing blocks under it. Looking up a key takes no lock:
        # a dict does that as a whole, on builds without a GIL too.
        self._changed = threading.Condition()
        self._by_number: dict[int, Account] = {}
        self._by_key: dict[str, Account] = {}  # those that are not removed
        for account in known:
            self._publish(account)

    def find(self, name: str) -> Account | None:
        """Return the account called `name`, however it is spelt."""
        return self._by_key.get(fold(name))

    def numbered(self, number: int) -> Account | None:
        """Return the account with this number, None if it is removed."""
        account = self._by_number.get(number)
        return None if account is None or account.removed else account

    def name(self, number: int) -> str:
        """Return the name of the account with this number, also of a removed one."""
        return self._by_number[number].name

    def inboxes(self) -> list[int]:
        """Return the logs of the direct messages to all accounts that ever were."""
        with self._changed:
            return [account.inbox for account in self._by_number.values()]

    def names(self) -> list[str]:
        """Return the names of all accounts that are not removed, sorted."""
        with self._changed:
            return sorted(account.name for account in self._by_key.values())

    def is_new(self, username: str) -> bool:
        """Say whether a login with this name would make an account.

        Raises:
            ProtocolError: `invalid_username` or `registration_closed`.
        """
        if self.find(username) is not None:
            return False
        check_username(username, self._username_length)
        if not self._registration:
            raise ProtocolError(
                ErrorCode.REGISTRATION_CLOSED,
                f"Nobody is called {username} here and new users are not taken; "
                "ask the person who runs the server for an account.",
                field="username",
            )
        return True

    def admit(self, username: str, password: str) -> Admission:
        """Log `username` in, or register the name if it is new. Takes as long as a hash.

        Raises:
            ProtocolError: `invalid_username`, `invalid_field`, `wrong_password`,
                `registration_closed` or `storage_full`.
        """
        check_password(password)
        if self.is_new(username):
            account = self._add(username, password)
            if account is not None:
                return Admission(account, new_user=True)
        return self._authenticate(username, password)

    def _authenticate(self, username: str, password: str) -> Admission:
        account = self.find(username)
        if account is None or not self._passwords.verify(account.password, password):
            raise ProtocolError(
                ErrorCode.WRONG_PASSWORD,
                f"That is not the password of {username}; try again, or choose another name.",
                field="password",
            )
        return Admission(account, new_user=False)

    def add(self, username: str, password: str) -> Account:
        """Make an account, whether or not registration is open.

        Raises:
            ProtocolError: `invalid_username` (also for a taken one), `invalid_field` or
                `storage_full`.
        """
        check_username(username, self._username_length)
        check_password(password)
        account = self._add(username, password)
        if account is None:
            raise ProtocolError(
                ErrorCode.INVALID_USERNAME,
                f"There is an account called {username} already; choose another name.",
                field="username",
            )
        return account

    def set_password(self, username: str, password: str) -> Account:
        """Give an account another password.

        Raises:
            ProtocolError: `invalid_username` if there is no such account, `invalid_field` or
                `storage_full`.
        """
        check_password(password)
        number = self._existing(username).number
        return self._change(SetPassword(number, self._passwords.hash(password)), username)

    def remove(self, username: str) -> Account:
        """Take an account away; what it said stays, and its name is free.

        Raises:
            ProtocolError: `invalid_username` if there is no such account, or `storage_full`.
        """
        return self._change(RemoveAccount(self._existing(username).number), username)

    def _existing(self, username: str) -> Account:
        account = self.find(username)
        if account is None:
            raise _unknown(username)
        return account

    def _change(self, change: SetPassword | RemoveAccount, username: str) -> Account:
        outcome = self._submit(change)
        if not isinstance(outcome, Account):  # removed by somebody else meanwhile
            raise _unknown(username)
        self._publish(outcome)
        return outcome

    def _add(self, username: str, password: str) -> Account | None:
        """Make an account; None if somebody else has just made one of that name."""
        outcome = self._submit(AddAccount(username, self._passwords.hash(password)))
        if isinstance(outcome, Account):
            self._publish(outcome)
            return outcome
        with self._changed:  # the thread that made it is about to publish it
            self._changed.wait_for(lambda: fold(username) in self._by_key, _PUBLISHED_SECONDS)
        return None

    def _submit(self, change: Change) -> Outcome:
        try:
            return self._commit(change)
        except StorageFull as error:
            raise ProtocolError(
                ErrorCode.STORAGE_FULL, "The server's disk is full; try again later."
            ) from error

    def _publish(self, account: Account) -> None:
        with self._changed:
            self._by_number[account.number] = account
            key = fold(account.name)
            if not account.removed:
                self._by_key[key] = account
            elif self._by_key.get(key, account).number == account.number:
                self._by_key.pop(key, None)
            self._changed.notify_all()


def _unknown(username: str) -> ProtocolError:
    return ProtocolError(
        ErrorCode.INVALID_USERNAME,
        f"There is no account called {username}; 'chatroom users list' shows all.",
        field="username",
    )
