"""No two accounts have names that look alike, whoever makes them and whenever."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from chatroom.auth.accounts import Accounts
from chatroom.auth.naming import UnicodeNames
from chatroom.auth.passwords import Passwords
from chatroom.log.base import Account, AddAccount, Audited, Change, Outcome
from chatroom.log.memory import MemoryStore
from chatroom.protocol.errors import ErrorCode, ProtocolError

DEADLINE = 10.0

CYRILLIC = "\u0441\u043e\u0441\u043e"
"""Looks like "coco"."""


class Desk:
    """A store, the accounts of it, and what happens before each new account is committed."""

    def __init__(self, passwords: Passwords) -> None:
        self.store = MemoryStore()
        self.before: Callable[[], None] = lambda: None
        self._passwords = passwords
        self._lock = threading.Lock()
        self.accounts = self.opened()

    def opened(self, *, in_unicode: bool = True) -> Accounts:
        """Returns the accounts as a server reads them that starts on the store."""
        naming = UnicodeNames() if in_unicode else None
        known = self.store.accounts()
        return Accounts(known, self._commit, self._passwords, username_length=32, naming=naming)

    def _commit(self, change: Change) -> Outcome:
        if isinstance(change, Audited) and isinstance(change.change, AddAccount):
            self.before()
        with self._lock:
            return self.store.commit([change])[0]


@pytest.fixture
def desk() -> Iterator[Desk]:
    """An empty store."""
    passwords = Passwords(1, 8, 1)
    yield Desk(passwords)
    passwords.close()


def refused(call: Callable[[], object]) -> str:
    """See that the name is refused; return the sentence."""
    with pytest.raises(ProtocolError) as caught:
        call()
    assert caught.value.code is ErrorCode.INVALID_USERNAME
    return caught.value.message


def test_a_name_that_looks_like_another_is_refused(desk: Desk) -> None:
    accounts = desk.accounts
    accounts.admit("coco", "pw")
    sentence = f"The name {CYRILLIC} looks like coco, which is taken; choose one that nobody can "
    assert refused(lambda: accounts.admit(CYRILLIC, "pw")).startswith(sentence)
    assert refused(lambda: accounts.is_new(CYRILLIC)).startswith(sentence)
    assert refused(lambda: accounts.add(CYRILLIC, "pw")).startswith(sentence)
    assert accounts.find(CYRILLIC) is None
    assert accounts.names() == ["coco"]


def test_it_is_refused_after_a_start_too(desk: Desk) -> None:
    desk.accounts.admit("coco", "pw")
    assert refused(lambda: desk.opened().admit(CYRILLIC, "pw"))


def test_it_is_free_once_the_other_is_gone(desk: Desk) -> None:
    desk.accounts.admit("coco", "pw")
    desk.accounts.set_password("coco", "other")
    assert refused(lambda: desk.accounts.admit(CYRILLIC, "pw"))
    desk.accounts.remove("coco")
    assert desk.accounts.admit(CYRILLIC, "pw").new_user
    assert refused(lambda: desk.opened().admit("coco", "pw"))


def test_a_name_that_was_not_made_after_all_takes_no_other(desk: Desk) -> None:
    def fail() -> None:
        raise RuntimeError

    desk.before = fail
    with pytest.raises(RuntimeError):
        desk.accounts.admit("coco", "pw")
    desk.before = lambda: None
    assert desk.accounts.admit(CYRILLIC, "pw").new_user


def test_of_two_that_come_at_once_one_is_refused(desk: Desk) -> None:
    """The second asks while the first waits for its commit, so nothing in the store tells yet."""
    waiting, go_on = threading.Event(), threading.Event()

    def wait() -> None:
        waiting.set()
        assert go_on.wait(DEADLINE)

    desk.before = wait
    with ThreadPoolExecutor() as threads:
        first = threads.submit(desk.accounts.admit, "coco", "pw")
        assert waiting.wait(DEADLINE)
        assert refused(lambda: desk.accounts.admit(CYRILLIC, "pw"))
        go_on.set()
        assert first.result(DEADLINE).account.name == "coco"


def test_of_many_that_come_at_once_one_is_taken(desk: Desk) -> None:
    names = ["bobl", "bob1", "BOBI", "b\u043ebl", "bob\u0661", "bobl", "BOBL"]
    start = threading.Barrier(len(names))

    def register(name: str) -> Account | None:
        start.wait(DEADLINE)
        try:
            return desk.accounts.admit(name, "pw").account
        except ProtocolError:
            return None

    with ThreadPoolExecutor(len(names)) as threads:
        made = {account.number for account in threads.map(register, names) if account}
    assert len(made) == 1
    assert len(desk.store.accounts()) == 1


def test_accounts_of_before_stay_whatever_they_look_like(desk: Desk) -> None:
    """A room that was all ASCII takes other names from now on, and the other way about."""
    plain = desk.opened(in_unicode=False)
    for name in ("bob1", "bobl"):
        plain.admit(name, "pw")
    both = desk.opened()
    assert not both.admit("BOB1", "pw").new_user
    assert not both.admit("bobl", "pw").new_user
    assert refused(lambda: both.admit("bobI", "pw"))
    both.remove("bobl")
    assert refused(lambda: both.admit("bobl", "pw"))
    both.admit("j\u00e9r\u00f4me", "pw")
    plain = desk.opened(in_unicode=False)
    assert not plain.admit("JE\u0301RO\u0302ME", "pw").new_user
    assert refused(lambda: plain.admit("ren\u00e9", "pw"))


def test_a_name_is_kept_in_its_one_form(desk: Desk) -> None:
    assert desk.accounts.admit("\uff21nne\u0301", "pw").account.name == "Ann\u00e9"
    assert desk.accounts.existing("ANN\u00c9").name == "Ann\u00e9"
