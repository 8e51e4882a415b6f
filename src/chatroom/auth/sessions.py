"""Sessions: coming back after a lost connection without the password being checked again.

A session is a secret that the server makes and tells its client once. The store keeps only a digest
of it, so that whoever reads the data can log in as nobody. A fast hash is enough there: unlike a
password, the secret cannot be guessed.
"""

import hashlib
import secrets
import threading
import time
from collections.abc import Callable
from typing import NamedTuple

from chatroom.auth.accounts import Accounts
from chatroom.log.base import Account, AddSession, Session
from chatroom.protocol.errors import ErrorCode, ProtocolError

LIFETIME_SECONDS = 30 * 86_400.0
"""How long a session that nobody uses is good."""

_SECRET_BYTES = 32  # 256 bits


class Opened(NamedTuple):
    """A session that holds once its change is committed."""

    token: str
    """The secret, for the client alone."""
    change: AddSession


class Sessions:
    """The sessions of one store. Any thread may call any method.

    Args:
        find: reads a session by its digest; see `Store.session`.
        accounts: whom they are for.
        clock: seconds since 1970.
    """

    def __init__(
        self,
        find: Callable[[bytes], Session | None],
        accounts: Accounts,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._find = find
        self._accounts = accounts
        self._clock = clock
        # One at a time reads the store under it. After a restart everybody comes back at once, and
        # a crowd that reads keeps the lock of the interpreter from those who talk.
        self._turn = threading.Lock()

    def open(self, account: Account) -> Opened:
        """Return a new session for `account`, as it was when its password was checked."""
        token = secrets.token_urlsafe(_SECRET_BYTES)
        return Opened(token, AddSession(account.number, digest(token), account.password))

    def account(self, token: str) -> Account:
        """Return the account that `token` stands for.

        Raises:
            ProtocolError: `invalid_session`, when it is unknown, ended or too old.
            StoreError: the store cannot be read.
        """
        with self._turn:
            session = self._find(digest(token))
        known = None if session is None else self._accounts.numbered(session.account)
        if session is None or known is None or session.used < self.oldest():
            raise ProtocolError(
                ErrorCode.INVALID_SESSION,
                "This session has ended; log in with the password.",
                field="session",
            )
        return known

    def oldest(self) -> float:
        """Return when a session must have been used at the latest to be still good."""
        return self._clock() - LIFETIME_SECONDS


def digest(token: str) -> bytes:
    """Return what a session is known by in the store: SHA-256 (FIPS 180-4) of its secret."""
    return hashlib.sha256(token.encode(errors="surrogatepass")).digest()
