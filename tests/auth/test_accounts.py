"""Who is registered."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from chatroom.auth.accounts import Accounts
from chatroom.auth.invites import Invites
from chatroom.auth.passwords import Passwords
from chatroom.auth.registration import Registration
from chatroom.log.base import (
    Account,
    AddAccount,
    AddSession,
    Audited,
    Change,
    Outcome,
    RemoveAccount,
    StorageFull,
)
from chatroom.log.memory import MemoryStore
from chatroom.log.rules import Act
from chatroom.protocol.errors import ErrorCode, ProtocolError

DEADLINE = 10.0


class Desk:
    """A store whose changes the test can watch and come between."""

    def __init__(self) -> None:
        self.store = MemoryStore()
        self.before: Callable[[Change], None] = lambda _: None
        self.acts: list[Act] = []
        self._lock = threading.Lock()

    def commit(self, change: Change) -> Outcome:
        """Commit one change, as the committer does it for many threads."""
        self.before(change.change if isinstance(change, Audited) else change)
        if isinstance(change, Audited):
            self.acts.append(change.act)
        with self._lock:
            return self.store.commit([change])[0]

    def fill_up(self) -> None:
        """Have no room for anything from now on."""

        def refuse(_: Change) -> None:
            raise StorageFull("The disk is full.")

        self.before = refuse


@pytest.fixture
def desk() -> Desk:
    """An empty store."""
    return Desk()


@pytest.fixture
def passwords() -> Iterator[Passwords]:
    """Hashes that cost nothing."""
    passwords = Passwords(1, 8, 1)
    yield passwords
    passwords.close()


@pytest.fixture
def accounts(desk: Desk, passwords: Passwords) -> Accounts:
    """The accounts of `desk`; anybody may register."""
    return Accounts([], desk.commit, passwords, username_length=8)


@pytest.fixture
def closed(desk: Desk, passwords: Passwords) -> Accounts:
    """The accounts of `desk`; nobody may register."""
    known = desk.store.accounts()
    rule = Registration("closed", Invites([], desk.commit))
    return Accounts(known, desk.commit, passwords, username_length=8, registration=rule)


def refused(code: ErrorCode, action: Callable[[], object]) -> ProtocolError:
    """See that `action` is refused with `code`."""
    with pytest.raises(ProtocolError) as caught:
        action()
    assert caught.value.code is code
    return caught.value


def test_a_new_name_makes_an_account(accounts: Accounts, desk: Desk) -> None:
    assert accounts.is_new("Bob")
    admission = accounts.admit("Bob", "secret")
    assert (admission.account.name, admission.new_user) == ("Bob", True)
    assert desk.store.accounts() == [admission.account]
    assert "secret" not in admission.account.password


def test_a_known_name_logs_in_however_it_is_spelt(accounts: Accounts) -> None:
    bob = accounts.admit("Bob", "secret").account
    assert not accounts.is_new("bOB")
    assert accounts.admit("BOB", "secret") == (bob, False)
    assert accounts.find("bob") == bob
    assert accounts.name(bob.number) == "Bob"
    assert accounts.names() == ["Bob"]


def test_a_wrong_password_is_refused(accounts: Accounts) -> None:
    accounts.admit("bob", "secret")
    error = refused(ErrorCode.WRONG_PASSWORD, lambda: accounts.admit("bob", "Secret"))
    assert error.message.startswith("That is not the password of bob;")


def test_accounts_outlive_the_server(accounts: Accounts, desk: Desk, passwords: Passwords) -> None:
    for name in ("bob", "alice", "carol"):
        accounts.admit(name, name)
    accounts.remove("carol")
    again = Accounts(desk.store.accounts(), desk.commit, passwords, username_length=8)
    assert again.names() == ["alice", "bob"]
    assert not again.admit("bob", "bob").new_user
    assert again.name(3) == "carol"


@pytest.mark.parametrize("name", ["", "a b", "toolongname"])
def test_not_every_name_will_do(accounts: Accounts, name: str) -> None:
    error = refused(ErrorCode.INVALID_USERNAME, lambda: accounts.admit(name, "x"))
    assert "1 to 8 characters" in error.message
    refused(ErrorCode.INVALID_USERNAME, lambda: accounts.is_new(name))
    refused(ErrorCode.INVALID_USERNAME, lambda: accounts.add(name, "x"))


def test_a_long_name_from_before_the_limit_still_logs_in(
    accounts: Accounts, desk: Desk, passwords: Passwords
) -> None:
    accounts.admit("longname", "x")
    strict = Accounts(desk.store.accounts(), desk.commit, passwords, username_length=3)
    assert not strict.admit("longname", "x").new_user


@pytest.mark.parametrize("act", [Accounts.admit, Accounts.add, Accounts.set_password])
def test_not_every_password_will_do(
    accounts: Accounts, act: Callable[[Accounts, str, str], object]
) -> None:
    error = refused(ErrorCode.INVALID_FIELD, lambda: act(accounts, "bob", ""))
    assert error.field == "password"


def test_where_registration_is_closed_only_the_owner_makes_accounts(
    closed: Accounts,
) -> None:
    error = refused(ErrorCode.WRONG_PASSWORD, lambda: closed.admit("bob", "secret"))
    assert "ask the person who runs the server" in error.message
    bob = closed.add("bob", "secret")
    assert closed.admit("bob", "secret") == (bob, False)


def test_where_registration_is_closed_nobody_learns_which_names_there_are(
    closed: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither by what is said nor by how long it takes: a password is checked in either case."""
    checked: list[str] = []
    verify = Passwords.verify

    def note(self: Passwords, hashed: str, password: str) -> bool:
        checked.append(hashed)
        return verify(self, hashed, password)

    monkeypatch.setattr(Passwords, "verify", note)
    closed.add("Bob", "secret")
    errors = [
        refused(ErrorCode.WRONG_PASSWORD, partial(closed.admit, name, "x"))
        for name in ("bob", "eve")
    ]
    assert errors[0].message.replace("bob", "eve") == errors[1].message
    assert errors[0].field == errors[1].field
    known, made_up = checked
    assert known.partition("$argon2id$v=19$m=8,t=1,p=1$")[0] == ""
    assert made_up.partition("$argon2id$v=19$m=8,t=1,p=1$")[0] == ""
    assert [closed.is_new(name) for name in ("bob", "eve")] == [False, False]
    assert [closed.spelling(name) for name in ("bob", "eve")] == ["bob", "eve"]


def test_elsewhere_a_name_is_told_as_it_was_registered(accounts: Accounts) -> None:
    accounts.add("Bob", "secret")
    assert [accounts.spelling(name) for name in ("bob", "eve")] == ["Bob", "eve"]


def with_cheap_hash(desk: Desk) -> Account:
    """Return an account called bob, whose password, "secret", was hashed at another cost."""
    with contextlib.closing(Passwords(1, 8, 1)) as cheap:
        (bob,) = desk.store.commit([AddAccount("bob", cheap.hash("secret"))])
    assert isinstance(bob, Account)
    desk.store.commit([AddSession(bob.number, b"session", bob.password)])
    return bob


@pytest.fixture
def dearer() -> Iterator[Passwords]:
    """Hashes that cost more than others here."""
    with contextlib.closing(Passwords(2, 16, 1)) as passwords:
        yield passwords


def test_a_hash_that_has_been_outgrown_is_replaced_at_the_next_login(
    desk: Desk, dearer: Passwords
) -> None:
    """The password stays the same, and so do the sessions."""
    old = with_cheap_hash(desk)
    accounts = Accounts([old], desk.commit, dearer, username_length=8)
    refused(ErrorCode.WRONG_PASSWORD, lambda: accounts.admit("bob", "Secret"))
    assert desk.store.accounts() == [old]
    new = accounts.admit("bob", "secret").account
    assert new.password.startswith("$argon2id$v=19$m=16,t=2,p=1$")
    assert desk.store.accounts() == [new]
    assert accounts.find("bob") == new
    assert desk.store.session(b"session") is not None
    assert accounts.admit("bob", "secret").account == new


def test_a_hash_stays_as_it_is_where_hashes_have_become_cheaper(
    desk: Desk, dearer: Passwords, passwords: Passwords
) -> None:
    bob = Accounts([], desk.commit, dearer, username_length=8).add("bob", "secret")
    again = Accounts([bob], desk.commit, passwords, username_length=8)
    assert again.admit("bob", "secret").account == bob


def test_a_full_disk_keeps_nobody_out_whose_hash_has_been_outgrown(
    desk: Desk, dearer: Passwords
) -> None:
    old = with_cheap_hash(desk)
    accounts = Accounts([old], desk.commit, dearer, username_length=8)
    desk.fill_up()
    assert accounts.admit("bob", "secret").account == old


def test_a_password_that_is_changed_meanwhile_is_not_changed_back(
    desk: Desk, dearer: Passwords
) -> None:
    """And the account is given as it was when the old one was shown, so that no session opens."""
    old = with_cheap_hash(desk)
    accounts = Accounts([old], desk.commit, dearer, username_length=8)

    def change_first(_: Change) -> None:
        desk.before = lambda _: None
        accounts.set_password("bob", "other")

    desk.before = change_first
    assert accounts.admit("bob", "secret").account == old
    refused(ErrorCode.WRONG_PASSWORD, lambda: accounts.admit("bob", "secret"))
    assert not accounts.admit("bob", "other").new_user


def test_an_account_is_not_made_twice(accounts: Accounts) -> None:
    accounts.add("bob", "secret")
    error = refused(ErrorCode.INVALID_USERNAME, lambda: accounts.add("BOB", "other"))
    assert error.message.startswith("There is an account called BOB already")
    assert accounts.admit("bob", "secret")


def test_a_password_can_be_changed(accounts: Accounts) -> None:
    accounts.add("bob", "secret")
    assert accounts.set_password("BOB", "other").name == "bob"
    assert accounts.admit("bob", "other")
    refused(ErrorCode.WRONG_PASSWORD, lambda: accounts.admit("bob", "secret"))


def test_a_removed_name_is_free_and_its_words_keep_it(accounts: Accounts) -> None:
    old = accounts.add("bob", "secret")
    assert accounts.remove("Bob").removed
    assert accounts.find("bob") is None
    assert accounts.names() == []
    assert accounts.name(old.number) == "bob"
    new = accounts.admit("BOB", "other")
    assert new.new_user
    assert new.account.number != old.number
    assert accounts.names() == ["BOB"]


def test_who_decided_what_is_recorded_without_a_password(accounts: Accounts, desk: Desk) -> None:
    accounts.admit("bob", "secret", address="203.0.113.9")
    accounts.add("carol", "secret", "uid:7")
    accounts.set_password("BOB", "other", "uid:7")
    accounts.end_sessions("BOB", "spam", "uid:7")
    accounts.remove("BOB", "uid:7")
    accounts.remove("carol")
    assert desk.acts == [
        Act("bob", "register", "bob", "from 203.0.113.9", guest=True),
        Act("uid:7", "add", "carol"),
        Act("uid:7", "passwd", "bob"),
        Act("uid:7", "kick", "bob", "spam"),
        Act("uid:7", "remove", "bob"),
        Act("server", "remove", "carol"),
    ]


def test_sessions_are_ended_and_the_account_stays(accounts: Accounts, desk: Desk) -> None:
    bob = accounts.add("bob", "secret")
    desk.store.commit([AddSession(bob.number, b"x")])
    assert accounts.end_sessions("Bob", "", "uid:7") == bob
    assert desk.store.session(b"x") is None
    assert accounts.admit("bob", "secret") == (bob, False)


@pytest.mark.parametrize(
    "act",
    [
        lambda accounts: accounts.remove("bob"),
        lambda accounts: accounts.set_password("bob", "x"),
        lambda accounts: accounts.end_sessions("bob", "", "uid:7"),
    ],
)
def test_who_is_not_there_cannot_be_changed(
    accounts: Accounts, desk: Desk, act: Callable[[Accounts], object]
) -> None:
    """Neither somebody who never was, nor somebody who was removed a moment ago."""
    refused(ErrorCode.INVALID_USERNAME, lambda: act(accounts))
    accounts.add("bob", "secret")

    def remove_first(_: Change) -> None:
        desk.before = lambda _: None
        accounts.remove("bob")

    desk.before = remove_first
    refused(ErrorCode.INVALID_USERNAME, lambda: act(accounts))


def test_news_of_a_removed_account_does_not_touch_its_successor(
    desk: Desk, passwords: Passwords
) -> None:
    """The store's order counts, not that of the threads that hear from it."""
    removed, go = threading.Event(), threading.Event()

    def slowly(change: Change) -> Outcome:
        outcome = desk.commit(change)
        if isinstance(change, Audited) and isinstance(change.change, RemoveAccount):
            removed.set()
            assert go.wait(DEADLINE)
        return outcome

    accounts = Accounts([], slowly, passwords, username_length=8)
    accounts.add("bob", "secret")
    thread = threading.Thread(target=lambda: accounts.remove("bob"))
    thread.start()
    assert removed.wait(DEADLINE)
    new = accounts.add("Bob", "other")
    go.set()
    thread.join(DEADLINE)
    assert accounts.find("bob") == new
    assert accounts.names() == ["Bob"]


def test_two_who_want_the_same_name_at_once_get_one_account(accounts: Accounts, desk: Desk) -> None:
    """Whoever comes second has to know the password that the first one chose."""
    first_commits, second_committed = threading.Event(), threading.Event()
    admitted: list[bool] = []

    def in_turn(change: Change) -> None:
        assert isinstance(change, AddAccount)
        if change.name == "bob":
            first_commits.set()
            assert second_committed.wait(DEADLINE)

    desk.before = in_turn
    first = threading.Thread(target=lambda: admitted.append(accounts.admit("bob", "x").new_user))
    first.start()
    assert first_commits.wait(DEADLINE)
    admitted.append(accounts.admit("BOB", "x").new_user)
    second_committed.set()
    first.join(DEADLINE)
    assert admitted == [True, False]
    assert accounts.names() == ["BOB"]


def test_a_full_disk_is_said(accounts: Accounts, desk: Desk) -> None:
    accounts.add("bob", "secret")
    desk.fill_up()
    refused(ErrorCode.STORAGE_FULL, lambda: accounts.admit("alice", "x"))
    refused(ErrorCode.STORAGE_FULL, lambda: accounts.set_password("bob", "x"))
    refused(ErrorCode.STORAGE_FULL, lambda: accounts.remove("bob"))
    assert accounts.admit("bob", "secret")


def test_who_comes_second_waits_until_the_first_has_told_of_the_account(
    desk: Desk, passwords: Passwords
) -> None:
    committed, publish = threading.Event(), threading.Event()

    def publish_late(change: Change) -> Outcome:
        found = desk.commit(change)
        if isinstance(found, Account):
            committed.set()
            assert publish.wait(DEADLINE)
        else:
            publish.set()
        return found

    accounts = Accounts([], publish_late, passwords, username_length=8)
    new: list[bool] = []
    threads = [
        threading.Thread(target=lambda: new.append(accounts.admit("bob", "x").new_user))
        for _ in range(2)
    ]
    threads[0].start()
    assert committed.wait(DEADLINE)
    threads[1].start()
    for thread in threads:
        thread.join(DEADLINE)
    assert sorted(new) == [False, True]
