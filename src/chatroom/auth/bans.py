"""Who is kept out: accounts and networks, all in memory, every change through the committer."""

import threading
import time
from collections.abc import Callable, Iterable

from chatroom.auth.audit import Commit, Deed, commit_audited
from chatroom.auth.networks import Address, Network, address_of, network_of
from chatroom.auth.wording import ban_terms, banned
from chatroom.log.base import Account
from chatroom.log.rules import Act, AddBan, Ban, LiftBan
from chatroom.protocol.errors import ErrorCode, ProtocolError

BANS = 100_000
"""How many bans there may be at once; one more is refused."""

_Key = tuple[int, int, int]  # version, length of the prefix, bits of the prefix


class Bans:
    """The bans of one store. Any thread but the committer may call any method.

    Args:
        known: every ban of the store.
        commit: commits a change and waits for its outcome.
        clock: seconds since 1970.
    """

    def __init__(
        self, known: Iterable[Ban], commit: Commit, clock: Callable[[], float] = time.time
    ) -> None:
        self._commit = commit
        self._clock = clock
        # Guards changes of the rest; nothing blocks under it. Looking up a key takes no lock: a
        # dict does that as a whole, on builds without a GIL too.
        self._lock = threading.Lock()
        self._bans: dict[int | str, Ban] = {}
        self._networks: dict[_Key, Ban] = {}
        # The versions and lengths that networks have, or had; replaced as a whole.
        self._prefixes: tuple[tuple[int, int], ...] = ()
        for ban in known:
            self._put(ban)

    def check(self, account: Account, address: str) -> None:
        """See whether `account` may come in from `address`.

        Raises:
            ProtocolError: `banned`, with the reason in the sentence.
        """
        ban = self._bans.get(account.number)
        if ban is not None and self._holds(ban):
            raise self._refusal(account.name, ban)
        self.check_address(address)

    def check_address(self, address: str) -> None:
        """See whether anybody may come in from `address`, as `accept` gives it.

        Raises:
            ProtocolError: `banned`, with the reason in the sentence.
        """
        if not self._prefixes:
            return
        plain = address_of(address)
        ban = None if plain is None else self._covering(plain)
        if ban is not None:
            raise self._refusal(None, ban)

    def _covering(self, address: Address) -> Ban | None:
        """Return a ban of a network that `address` is in."""
        bits, whole = int(address), address.max_prefixlen
        for version, length in self._prefixes:
            if version == address.version:
                ban = self._networks.get((version, length, bits >> (whole - length)))
                if ban is not None and self._holds(ban):
                    return ban
        return None

    def _holds(self, ban: Ban) -> bool:
        return ban.until is None or ban.until > self._clock()

    def _refusal(self, name: str | None, ban: Ban) -> ProtocolError:
        return ProtocolError(
            ErrorCode.BANNED,
            banned(name, ban),
            retry_after=None if ban.until is None else max(0.0, ban.until - self._clock()),
        )

    def all(self) -> list[Ban]:
        """Return the bans that hold, in the order of making."""
        with self._lock:
            return [ban for ban in self._bans.values() if self._holds(ban)]

    def find(self, subject: int | str) -> Ban | None:
        """Return the ban of just this account or network, None if there is none that holds."""
        ban = self._bans.get(subject)
        return ban if ban is not None and self._holds(ban) else None

    def wider(self, network: Network) -> Ban | None:
        """Return a ban that holds for the first address of `network` and is of another network."""
        ban = self._covering(network.network_address)
        return None if ban is None or ban.subject == str(network) else ban

    def add(
        self, subject: int | str, name: str, reason: str, seconds: float | None, actor: str
    ) -> Ban:
        """Keep an account or a network out, in place of an earlier ban of the same.

        Args:
            subject: the number of the account, or the network as `str(network)` writes it.
            name: what it is called, for the record.
            reason: for the one who is kept out; may be empty.
            seconds: for how long, None for ever.
            actor: who decides it.

        Raises:
            ProtocolError: `invalid_username` if the account is gone, `invalid_field` if there are
                as many bans as there may be, or `storage_full`.
        """
        if self.find(subject) is None and len(self.all()) >= BANS:
            raise ProtocolError(
                ErrorCode.INVALID_FIELD, f"There are {BANS:,} bans already; lift some of them."
            )
        until = None if seconds is None else round(self._clock() + seconds, 3)
        terms = ban_terms(Ban(subject, reason, 0.0, until))
        outcome = commit_audited(
            self._commit, AddBan(subject, reason, until), Act(actor, Deed.BAN, name, terms)
        )
        if not isinstance(outcome, Ban):
            raise ProtocolError(
                ErrorCode.INVALID_USERNAME, f"There is no account called {name} any more."
            )
        self._note(outcome)
        return outcome

    def lift(self, subject: int | str, name: str, actor: str) -> bool:
        """Let an account or a network in again; return whether it was kept out.

        Raises:
            ProtocolError: `storage_full`.
        """
        held = self.find(subject) is not None
        if held:
            commit_audited(self._commit, LiftBan(subject), Act(actor, Deed.UNBAN, name))
            self.forget(subject)
        return held

    def forget(self, subject: int | str) -> None:
        """Take note that a ban is gone from the store, as with its account."""
        with self._lock:
            self._drop(subject)

    def _note(self, ban: Ban) -> None:
        """Take note of a ban that is in the store now, where those that are over are not."""
        with self._lock:
            over = [each for each, old in self._bans.items() if not self._holds(old)]
            for subject in (ban.subject, *over):
                self._drop(subject)
            self._put(ban)

    def _put(self, ban: Ban) -> None:
        self._bans[ban.subject] = ban
        key = _key(ban.subject)
        if key is not None:
            self._networks[key] = ban
            if key[:2] not in self._prefixes:
                self._prefixes = (*self._prefixes, key[:2])

    def _drop(self, subject: int | str) -> None:
        self._bans.pop(subject, None)
        key = _key(subject)
        if key is not None:
            self._networks.pop(key, None)


def _key(subject: int | str) -> _Key | None:
    """Return what a network is looked up by, None for an account."""
    network = network_of(subject) if isinstance(subject, str) else None
    if network is None:
        return None
    length = network.prefixlen
    bits = int(network.network_address) >> (network.max_prefixlen - length)
    return network.version, length, bits
