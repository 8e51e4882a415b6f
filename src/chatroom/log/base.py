"""The contract of an append-only log.

**What there is.** A store holds logs, each named by a number: `ROOM` holds the public messages, and
every account has an inbox for its direct messages. A log is a sequence of entries, numbered `seq`
= 1, 2, 3 … without holes. Its `epoch`, a random text made with the log, names this incarnation: the
pair (epoch, seq) means one entry for ever. A log that was restored from a backup has a new epoch
and remembers the old one, with the last place that both share. Beside the logs stand the accounts,
the sessions in which accounts were logged in, the bans and the invites (`log/rules.py`). Who
decided what is recorded with it, where there is a file to read that from (`log/auditing.py`).

**Order.** `commit` appends in the order of its argument, and calls of it follow one another. A
reader sees the entries of a log in the order of `seq`, never a later one without those before it.

**Atomicity.** A `commit` happens as a whole or not at all. When it returns, all of it is as durable
as the engine promises, and only then can it be read.

**At most once.** A draft whose (author, id) the store knows appends nothing: it is answered with
the first entry, `duplicate=True`, or, if it says something else, with `IdReused`. Accounts' numbers
are never used again, so nobody inherits another's ids.

**Bounds.** `read` returns no more than it is asked for. An engine that keeps less than everything
says so through `oldest`; what it forgets includes the ids. A store that is full raises
`StorageFull` and is as it was.

**Threads.** `commit` belongs to one thread, the committer. `close` comes when all else has ended.
Everything else may be called from any thread at any time.
"""

import secrets
from abc import ABC, abstractmethod
from collections.abc import Sequence

import msgspec

from chatroom.log.rules import Act, Ban, Invite, RuleChange, Uninvited

ROOM = 1
"""The log of the public messages."""

SESSIONS = 1000
"""How many sessions an account has at most; a new one takes the place of the least lately used."""


class Account(msgspec.Struct, frozen=True):
    """Somebody who registered. Accounts outlive their removal, for the log still names them."""

    number: int
    """Never used for another account."""
    name: str
    """As registered."""
    password: str
    """The hash of the password, in the PHC string format."""
    inbox: int
    """The log of the direct messages to this account."""
    removed: bool = False


class Entry(msgspec.Struct, frozen=True, gc=False):
    """A message in a log."""

    log: int
    seq: int
    author: int
    """The number of the account that said it."""
    text: str
    ts: float
    """When it was committed, in seconds since 1970; never earlier than the entry before it."""


class Draft(msgspec.Struct, frozen=True, gc=False):
    """A message to append."""

    log: int
    author: int
    text: str
    id: str | None = None
    """The author's own name for it; the same one twice is the same message."""


class Recall(Draft, frozen=True, gc=False):
    """A message that is to be appended no more, but may have been: say what became of it."""


class AddAccount(msgspec.Struct, frozen=True):
    """Make an account, unless one that is not removed has the name."""

    name: str
    password: str
    invite: bytes | None = None
    """The digest of the invite that is used up by it, which must be good; None where none is."""


class SetPassword(msgspec.Struct, frozen=True):
    """Give an account another password hash."""

    account: int
    password: str
    was: str | None = None
    """The hash that it must still have, where the new one is of the same password: then no session
    ends. None where the password is another."""


class RemoveAccount(msgspec.Struct, frozen=True):
    """Take an account's name, password and ban away; what it said stays."""

    account: int


class AddSession(msgspec.Struct, frozen=True):
    """Let whoever knows the secret behind `digest` come back as this account."""

    account: int
    digest: bytes
    """What the secret is known by; the secret itself is never stored."""
    password: str | None = None
    """The hash of the password that was given for it, which must still be the account's; None where
    none was given."""


class TouchSession(msgspec.Struct, frozen=True):
    """Note that a session is in use."""

    digest: bytes


class EndSession(msgspec.Struct, frozen=True):
    """Let nobody come back by this session."""

    digest: bytes


class ExpireSessions(msgspec.Struct, frozen=True):
    """End all sessions that were not used since a moment."""

    before: float
    """The moment, in seconds since 1970."""


SessionChange = AddSession | TouchSession | EndSession | ExpireSessions

Decision = AddAccount | SetPassword | RemoveAccount | RuleChange


class Audited(msgspec.Struct, frozen=True):
    """Do `change`, and record `act` with it unless that is refused."""

    change: Decision
    act: Act


Change = Draft | SessionChange | Decision | Audited
"""What can be committed. A new password, a ban, and the removal of an account end all its
sessions."""


class Session(msgspec.Struct, frozen=True):
    """Somebody who may come back without a password."""

    account: int
    """The number of the account."""
    used: float
    """When it was used last, in seconds since 1970."""


class Appended(msgspec.Struct, frozen=True, gc=False):
    """The draft is in the log."""

    seq: int
    ts: float
    duplicate: bool = False
    """Whether it was there before."""


class IdReused(msgspec.Struct, frozen=True):
    """The author gave this id to something else before."""


class Refused(msgspec.Struct, frozen=True):
    """The name is taken, there is no such account, or nothing is known of a recalled message."""


class Noted(msgspec.Struct, frozen=True):
    """A change of the sessions or of the rules is done."""


Outcome = Appended | IdReused | Account | Ban | Invite | Noted | Refused | Uninvited
"""What became of a change: drafts are `Appended` or `IdReused`, changes of accounts give the
account as it now is, or `Refused`, or `Uninvited`. Changes of sessions are `Noted`, also where
there was nothing to do, but for `AddSession`, which is `Refused` when there is no such account, or
its password has been changed. Those of the rules say it themselves."""


class StoreError(Exception):
    """A store cannot do what it was asked. The text is a sentence for the person who runs it."""


class StorageFull(StoreError):
    """There is no room for more. Nothing was written; the same commit may succeed later."""


class Store(ABC):
    """A store of logs and accounts. The contract stands at the top of this module."""

    @abstractmethod
    def commit(self, changes: Sequence[Change]) -> list[Outcome]:
        """Do all of `changes` and return what became of each, in their order.

        Raises:
            KeyError: a draft is for a log that does not exist; nothing was done.
            StorageFull: nothing was done; try again later.
            StoreError: nothing was done and nothing can be: the store is to be given up.
        """

    @abstractmethod
    def read(self, log: int, after: int, limit: int) -> list[Entry]:
        """Return the entries of `log` behind the place `after`, oldest first, at most `limit`.

        Raises:
            StoreError: the store cannot be read.
        """

    @abstractmethod
    def head(self, log: int) -> int:
        """Return the place of the newest committed entry of `log`, 0 when there is none."""

    @abstractmethod
    def oldest(self, log: int) -> int:
        """Return the place of the oldest entry that `read` can return, `head` + 1 if none."""

    @abstractmethod
    def epoch(self, log: int) -> str:
        """Return the name of the incarnation of `log`."""

    @abstractmethod
    def shared(self, log: int, epoch: str) -> int:
        """Return the last place that `log` shares with its incarnation called `epoch`.

        That is `head` for the present one, the place at which it was restored for an earlier one,
        and 0 for one that this log knows nothing of.

        Raises:
            StoreError: the store cannot be read.
        """

    @abstractmethod
    def session(self, digest: bytes) -> Session | None:
        """Return the session that is known by `digest`, None if there is none.

        Raises:
            StoreError: the store cannot be read.
        """

    @abstractmethod
    def accounts(self) -> list[Account]:
        """Return every account that ever was, removed ones included."""

    @abstractmethod
    def bans(self) -> list[Ban]:
        """Return the bans in the order of making; the time of some may be over.

        Raises:
            StoreError: the store cannot be read.
        """

    @abstractmethod
    def invites(self) -> list[Invite]:
        """Return the invites in the order of making; the time of some may be over.

        Raises:
            StoreError: the store cannot be read.
        """

    @abstractmethod
    def probe(self) -> None:
        """See whether there is room again, by writing something that means nothing.

        It belongs to the committer's thread, like `commit`.

        Raises:
            StorageFull: there is none yet.
            StoreError: the store is to be given up.
        """

    @abstractmethod
    def close(self) -> None:
        """Give up files and connections. What is committed stays."""

    @abstractmethod
    def abandon(self) -> None:
        """Give the store up after a `StoreError` of `commit`: nothing is written or synced again.

        The process is to end soon; the next one that opens the store recovers what was committed.
        """


def new_epoch() -> str:
    """Return a name for a new incarnation of a log: 64 random bits."""
    return secrets.token_hex(8)
