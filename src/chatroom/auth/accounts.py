"""Who is registered: all accounts in memory, every change of them through the log's committer."""

import threading
from collections.abc import Iterable
from typing import NamedTuple

from chatroom.auth.audit import SERVER, Commit, Deed, commit_audited
from chatroom.auth.invites import Invites, invalid
from chatroom.auth.lookalikes import TakenNames
from chatroom.auth.naming import AsciiNames, Naming
from chatroom.auth.passwords import Passwords, check_password
from chatroom.auth.registration import Registration, act_of
from chatroom.log.base import (
    Account,
    AddAccount,
    Refused,
    RemoveAccount,
    SetPassword,
    StorageFull,
)
from chatroom.log.rules import Act, EndSessionsOf, Invite, Uninvited
from chatroom.protocol.errors import ErrorCode, ProtocolError
from chatroom.protocol.names import fold

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
        registration: whether a new name makes an account; None if every one does.
        naming: what a new account may be called; None for names in ASCII.
    """

    def __init__(
        self,
        known: Iterable[Account],
        commit: Commit,
        passwords: Passwords,
        *,
        username_length: int,
        registration: Registration | None = None,
        naming: Naming | None = None,
    ) -> None:
        self._commit = commit
        self._passwords = passwords
        self._registration = registration or Registration("open", Invites([], commit))
        self._taken = TakenNames(naming or AsciiNames(), username_length)
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

    def spelling(self, name: str) -> str:
        """Return how whoever has `name` spells it; as it is where that is nobody's business."""
        known = None if self._registration.is_closed else self.find(name)
        return name if known is None else known.name

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

    def is_new(self, username: str, invite: str | None = None) -> bool:
        """Say whether a login with this name would make an account.

        Where nobody new is taken, it is never said that there is no account of a name.

        Args:
            username: the name.
            invite: the code that comes with it.

        Raises:
            ProtocolError: `invalid_username`, `invite_required` or `invalid_invite`.
        """
        return self._newcomer(username, invite) is not None

    def _newcomer(self, username: str, invite: str | None) -> tuple[str, Invite | None] | None:
        """Return how somebody new would be called and the invite for it, None if it is nobody new.

        Raises:
            ProtocolError: see `is_new`.
        """
        if self.find(username) is not None:
            return None
        if self._registration.is_closed:
            self._taken.check_form(username)
            return None
        return self._taken.check(username), self._registration.check(invite)

    def admit(
        self, username: str, password: str, invite: str | None = None, address: str = ""
    ) -> Admission:
        """Log `username` in, or register the name if it is new. Takes as long as a hash.

        If the hash of the password is cheaper than new ones are, it is replaced by one of those.

        Args:
            username: the name.
            password: its password.
            invite: the code that comes with it.
            address: where it comes from, for the audit log.

        Raises:
            ProtocolError: `invalid_username`, `invalid_field`, `wrong_password`,
                `invite_required`, `invalid_invite`, `storage_full` or `unavailable`.
        """
        check_password(password)
        newcomer = self._newcomer(username, invite)
        if newcomer is not None:
            name, used = newcomer
            account = self._add(name, password, act_of(name, address, used), used)
            self._registration.done(used if account is not None else None)
            if account is not None:
                return Admission(account, new_user=True)
        return self._authenticate(username, password)

    def _authenticate(self, username: str, password: str) -> Admission:
        account = self.find(username)
        if account is None:
            self._passwords.pretend(password)
        if account is None or not self._passwords.verify(account.password, password):
            raise self._registration.wrong_password(username)
        return Admission(self._renewed(account, password), new_user=False)

    def _renewed(self, account: Account, password: str) -> Account:
        """Return `account`, with a new hash if its own has been outgrown and that can be stored."""
        if not self._passwords.is_outgrown(account.password):
            return account
        try:
            new = self._passwords.hash(password)
            outcome = self._commit(SetPassword(account.number, new, account.password))
        except (ProtocolError, StorageFull):  # the next login may have more luck
            return account
        if not isinstance(outcome, Account):  # it has another password since, or is removed
            return account
        self._publish(outcome)
        return outcome

    def add(self, username: str, password: str, actor: str = SERVER) -> Account:
        """Make an account, whether or not registration is open.

        Args:
            username: its name.
            password: its password.
            actor: who decides it, for the audit log.

        Raises:
            ProtocolError: `invalid_username` (also for a taken one), `invalid_field` or
                `storage_full`.
        """
        name = self._taken.check(username)
        check_password(password)
        account = self._add(name, password, Act(actor, Deed.ADD, name))
        if account is None:
            raise ProtocolError(
                ErrorCode.INVALID_USERNAME,
                f"There is an account called {username} already; choose another name.",
                field="username",
            )
        return account

    def set_password(self, username: str, password: str, actor: str = SERVER) -> Account:
        """Give an account another password. The arguments are those of `add`.

        Raises:
            ProtocolError: `invalid_username` if there is no such account, `invalid_field` or
                `storage_full`.
        """
        check_password(password)
        account = self.existing(username)
        change = SetPassword(account.number, self._passwords.hash(password))
        return self._change(change, Act(actor, Deed.PASSWD, account.name))

    def remove(self, username: str, actor: str = SERVER) -> Account:
        """Take an account away; what it said stays, and its name is free.

        Args:
            username: its name.
            actor: who decides it, for the audit log.

        Raises:
            ProtocolError: `invalid_username` if there is no such account, or `storage_full`.
        """
        account = self.existing(username)
        return self._change(RemoveAccount(account.number), Act(actor, Deed.REMOVE, account.name))

    def end_sessions(self, username: str, reason: str, actor: str) -> Account:
        """Let an account come in by its password alone, and record that it was shown out.

        Args:
            username: its name.
            reason: why, for the audit log.
            actor: who decides it, for the audit log.

        Raises:
            ProtocolError: `invalid_username` if there is no such account, or `storage_full`.
        """
        account = self.existing(username)
        act = Act(actor, Deed.KICK, account.name, reason)
        if commit_audited(self._commit, EndSessionsOf(account.number), act) == Refused():
            raise _unknown(username)  # removed by somebody else meanwhile
        return account

    def existing(self, username: str) -> Account:
        """Return the account called `username`, however it is spelt.

        Raises:
            ProtocolError: `invalid_username` if there is none.
        """
        account = self.find(username)
        if account is None:
            raise _unknown(username)
        return account

    def _change(self, change: SetPassword | RemoveAccount, act: Act) -> Account:
        outcome = commit_audited(self._commit, change, act)
        if not isinstance(outcome, Account):  # removed by somebody else meanwhile
            raise _unknown(act.subject)
        self._publish(outcome)
        return outcome

    def _add(
        self, name: str, password: str, act: Act, invite: Invite | None = None
    ) -> Account | None:
        """Make an account; None if somebody else has just made one of that name.

        Raises:
            ProtocolError: `invalid_username` for a name that looks like another one,
                `invalid_invite` if it was used by somebody else meanwhile, or `storage_full`.
        """
        used = None if invite is None else invite.digest
        with self._taken.claimed(name):
            change = AddAccount(name, self._passwords.hash(password), used)
            outcome = commit_audited(self._commit, change, act)
            if isinstance(outcome, Uninvited):
                raise invalid()
            if isinstance(outcome, Account):
                self._publish(outcome)
                return outcome
        with self._changed:  # the thread that made it is about to publish it
            self._changed.wait_for(lambda: fold(name) in self._by_key, _PUBLISHED_SECONDS)
        return None

    def _publish(self, account: Account) -> None:
        with self._changed:
            self._taken.note(account, self._by_number.get(account.number))
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
