"""What the person who runs a server can do, on a store in memory."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager

from chatroom.auth.accounts import Accounts
from chatroom.auth.administration import perform
from chatroom.auth.audit import Commit
from chatroom.auth.bans import Bans
from chatroom.auth.desk import Desk, Expulsion
from chatroom.auth.invites import Invites
from chatroom.auth.passwords import Passwords
from chatroom.auth.registration import Mode, Registration
from chatroom.log.base import AddAccount, Audited, Change, Outcome, Refused, Store
from chatroom.log.rules import Act, Uninvited

OPERATOR = "uid:7"


class Books:
    """A store whose changes are noted.

    Args:
        store: where they are committed.
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        self.acts: list[Act] = []
        """What a store with a file would have recorded."""
        self.before: Callable[[Change], None] = lambda _: None
        """Called with each change before it is committed."""

    def commit(self, change: Change) -> Outcome:
        """Commit one change."""
        self.before(change)
        (outcome,) = self.store.commit([change])
        if isinstance(change, Audited) and not isinstance(outcome, Refused | Uninvited):
            self.acts.append(change.act)
        return outcome


@contextmanager
def desk_in(
    books: Books,
    *names: str,
    mode: Mode = "open",
    clock: Callable[[], float] = time.time,
    expel: Callable[[Expulsion], None] = lambda _: None,
) -> Iterator[Desk]:
    """Yield the desk of a server, where there are accounts of these names.

    Args:
        books: where everything is.
        names: of accounts that are made first.
        mode: who may register.
        clock: seconds since 1970.
        expel: ends connections.
    """
    books.store.commit([AddAccount(name, "hash") for name in names])
    store = books.store
    commit: Commit = books.commit
    invites = Invites(store.invites(), commit, clock)
    registration = Registration(mode, invites)
    with closing(Passwords(1, 8, 1)) as passwords:
        accounts = Accounts(
            store.accounts(), commit, passwords, username_length=32, registration=registration
        )
        yield Desk(accounts, Bans(store.bans(), commit, clock), invites, registration, expel)


def ask(desk: Desk, command: str, **fields: object) -> Mapping[str, object]:
    """Ask for something as `OPERATOR`; return the reply."""
    return perform(desk, {"command": command, **fields}, OPERATOR)
