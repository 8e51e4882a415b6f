"""Coming back without a password."""

import base64
import hashlib
import threading

import pytest

from chatroom.auth.accounts import Accounts
from chatroom.auth.passwords import Passwords
from chatroom.auth.sessions import LIFETIME_SECONDS, Sessions, digest
from chatroom.log.base import Account, EndSession, RemoveAccount, Session, SetPassword
from chatroom.log.memory import MemoryStore
from chatroom.protocol.errors import ErrorCode, ProtocolError

DEADLINE = 10.0
"""Seconds after which what a test waits for has not happened."""


class Scene:
    """A store with bob in it, and a clock that the test sets."""

    def __init__(self) -> None:
        self.now = 1_000_000.0
        self.store = MemoryStore(clock=self._clock)
        self.accounts = Accounts(
            [], lambda change: self.store.commit([change])[0], Passwords(1, 8, 1), username_length=9
        )
        self.bob = self.accounts.add("bob", "secret")
        self.sessions = Sessions(self.store.session, self.accounts, self._clock)

    def _clock(self) -> float:
        return self.now

    def open(self) -> str:
        """Open a session of bob and return its secret."""
        token, change = self.sessions.open(self.bob)
        self.store.commit([change])
        return token

    def open_late(self) -> str:
        """Open a session of bob whose password is changed meanwhile, and return its secret."""
        token, change = self.sessions.open(self.bob)
        self.store.commit([SetPassword(self.bob.number, "hash"), change])
        return token

    def refused(self, token: str) -> bool:
        """Return whether the session is not good."""
        try:
            found = self.sessions.account(token)
        except ProtocolError as error:
            return (error.code, error.field) == (ErrorCode.INVALID_SESSION, "session")
        return found != self.bob


def test_a_session_stands_for_its_account() -> None:
    scene = Scene()
    assert not scene.refused(scene.open())


def test_a_password_that_is_changed_while_it_is_checked_opens_no_session() -> None:
    scene = Scene()
    assert scene.refused(scene.open_late())


def test_the_secret_has_256_random_bits_and_the_store_never_sees_it() -> None:
    scene = Scene()
    tokens = {scene.open() for _ in range(100)}
    assert len(tokens) == 100
    for token in tokens:
        assert len(base64.urlsafe_b64decode(token + "=")) == 32
        assert digest(token) == hashlib.sha256(token.encode()).digest()
        assert scene.store.session(token.encode()) is None


@pytest.mark.parametrize("token", ["", "x", "\ud800", "x" * 10_000, "\0"], ids=ascii)
def test_what_is_no_secret_is_refused(token: str) -> None:
    scene = Scene()
    scene.open()
    assert scene.refused(token)


def test_a_session_that_nobody_has_committed_is_no_good() -> None:
    scene = Scene()
    assert scene.refused(scene.sessions.open(scene.bob).token)


def test_it_is_good_for_thirty_days_without_use() -> None:
    scene = Scene()
    token = scene.open()
    scene.now += LIFETIME_SECONDS
    assert not scene.refused(token)
    scene.now += 1
    assert scene.refused(token)


@pytest.mark.parametrize("what", ["exit", "password", "removal"])
def test_it_ends_with_an_exit_a_new_password_and_the_account(what: str) -> None:
    scene = Scene()
    token = scene.open()
    if what == "exit":
        scene.store.commit([EndSession(digest(token))])
    elif what == "password":
        scene.accounts.set_password("bob", "another")
    else:
        scene.accounts.remove("bob")
    assert scene.refused(token)


def test_a_session_of_a_removed_account_is_no_good_whatever_the_store_says() -> None:
    """The store and the accounts in memory change one after the other."""
    scene = Scene()
    token = scene.open()
    stored = scene.store.session(digest(token))
    scene.accounts.remove("bob")
    sessions = Sessions(lambda _: stored, scene.accounts, lambda: scene.now)
    with pytest.raises(ProtocolError):
        sessions.account(token)


def test_the_changes_are_those_of_the_account() -> None:
    scene = Scene()
    account = scene.sessions.open(scene.bob).change.account
    assert account == scene.bob.number
    (changed,) = scene.store.commit([SetPassword(account, "hash")])
    assert isinstance(changed, Account)
    scene.store.commit([RemoveAccount(account)])


def test_when_everybody_comes_back_at_once_one_at_a_time_reads_the_store() -> None:
    """Each that does has a connection to it, and takes its turn with those who talk."""
    scene = Scene()
    begun, go_on = threading.Semaphore(0), threading.Event()

    def find(_: bytes) -> Session:
        begun.release()
        assert go_on.wait(DEADLINE)
        return Session(scene.bob.number, scene.now)

    sessions = Sessions(find, scene.accounts, scene._clock)
    threads = [threading.Thread(target=sessions.account, args=("x",)) for _ in range(5)]
    for thread in threads:
        thread.start()
    assert begun.acquire(timeout=DEADLINE)
    assert not begun.acquire(timeout=0.1)
    go_on.set()
    for thread in threads:
        thread.join(DEADLINE)
    for _ in range(4):
        assert begun.acquire(timeout=DEADLINE)
