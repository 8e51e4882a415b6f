"""Both engines beside a model of the contract that is too simple to be wrong."""

import contextlib
import tempfile
from collections.abc import Callable
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from chatroom.log.base import (
    ROOM,
    Account,
    AddAccount,
    AddSession,
    Appended,
    Audited,
    Change,
    Draft,
    EndSession,
    Entry,
    ExpireSessions,
    IdReused,
    Noted,
    Outcome,
    Refused,
    RemoveAccount,
    Session,
    SessionChange,
    SetPassword,
    Store,
    TouchSession,
)
from chatroom.log.memory import MemoryStore
from chatroom.log.rules import (
    Act,
    AddBan,
    AddInvite,
    Ban,
    EndSessionsOf,
    Invite,
    LiftBan,
    RevokeInvite,
    RuleChange,
    Uninvited,
)
from chatroom.log.sqlite import SqliteStore
from tests.clock import Clock

Said = tuple[int, str, str | None, float]
"""Author, text, id and time."""


class Model:
    """What a store should hold: lists that are only searched from end to end."""

    def __init__(self) -> None:
        self.logs: dict[int, list[Said]] = {ROOM: []}
        self.accounts: list[Account] = []
        self.epochs: dict[int, str] = {}
        self.sessions: dict[bytes, Session] = {}
        self.bans: list[Ban] = []
        self.invites: list[Invite] = []
        self.ts = 0.0  # the latest time that was given to anything

    def expect(self, change: Change, outcome: Outcome) -> Outcome:
        """Do `change` and return its outcome. What an engine may choose is taken from `outcome`."""
        match change:
            case Draft():
                return self._append(change)
            case Audited():
                return self.expect(change.change, outcome)
            case AddAccount() | SetPassword() | RemoveAccount():
                return self._expect_account(change, outcome)
            case _ if isinstance(change, SessionChange):
                return self._expect_session(change)
            case _:
                return self._expect_rule(change)

    def _expect_account(
        self, change: AddAccount | SetPassword | RemoveAccount, outcome: Outcome
    ) -> Outcome:
        match change:
            case AddAccount():
                return self._add(change, outcome)
            case SetPassword(number, password, was):
                return self._change(number, password, was=was)
            case RemoveAccount(number):
                return self._change(number, "", removed=True)

    def _expect_rule(self, change: RuleChange) -> Outcome:
        match change:
            case AddBan(int(number)) | EndSessionsOf(number):
                if all(number != account.number or account.removed for account in self.accounts):
                    return Refused()
                self._keep_sessions(lambda session: session.account != number)
        match change:
            case AddBan() | LiftBan():
                return self._expect_ban(change)
            case AddInvite() | RevokeInvite():
                return self._expect_invite(change)
        return Noted()

    def _expect_ban(self, change: AddBan | LiftBan) -> Outcome:
        before = self.bans
        self.bans = [ban for ban in before if ban.subject != change.subject]
        if isinstance(change, LiftBan):
            return Noted() if len(self.bans) < len(before) else Refused()
        self.bans = [ban for ban in self.bans if ban.until is None or ban.until > self.ts]
        self.bans.append(Ban(change.subject, change.reason, self.ts, change.until))
        return self.bans[-1]

    def _expect_invite(self, change: AddInvite | RevokeInvite) -> Outcome:
        if isinstance(change, RevokeInvite):
            return Noted() if self._take_invite(change.digest) else Refused()
        self.invites = [invite for invite in self.invites if invite.until > self.ts]
        if any(change.digest == each.digest or change.name == each.name for each in self.invites):
            return Refused()
        self.invites.append(Invite(change.digest, change.name, self.ts, change.until))
        return self.invites[-1]

    def _take_invite(self, digest: bytes) -> Invite | None:
        for invite in self.invites:
            if invite.digest == digest:
                self.invites.remove(invite)
                return invite
        return None

    def _expect_session(self, change: SessionChange) -> Outcome:
        match change:
            case AddSession(number, digest):
                if all(number != account.number or account.removed for account in self.accounts):
                    return Refused()
                self.sessions[digest] = Session(number, self.ts)
            case TouchSession(digest):
                if digest in self.sessions:
                    self.sessions[digest] = Session(self.sessions[digest].account, self.ts)
            case EndSession(digest):
                self.sessions.pop(digest, None)
            case ExpireSessions(before):
                self._keep_sessions(lambda session: session.used >= before)
        return Noted()

    def _append(self, draft: Draft) -> Outcome:
        for log, entries in self.logs.items():
            for place, (author, text, id_, then) in enumerate(entries, 1):
                if draft.id is not None and (author, id_) == (draft.author, draft.id):
                    same = (log, text) == (draft.log, draft.text)
                    return Appended(place, then, duplicate=True) if same else IdReused()
        self.logs[draft.log].append((draft.author, draft.text, draft.id, self.ts))
        return Appended(len(self.logs[draft.log]), self.ts)

    def _add(self, change: AddAccount, outcome: Outcome) -> Outcome:
        name, password = change.name, change.password
        if any(a.name.lower() == name.lower() and not a.removed for a in self.accounts):
            return Refused()
        if change.invite is not None:
            good = any(i.digest == change.invite and i.until > self.ts for i in self.invites)
            if not good:
                return Uninvited()
            self._take_invite(change.invite)
        assert isinstance(outcome, Account)
        assert outcome.number not in [account.number for account in self.accounts]
        assert outcome.inbox not in self.logs
        self.logs[outcome.inbox] = []
        self.accounts.append(Account(outcome.number, name, password, outcome.inbox))
        return self.accounts[-1]

    def _change(
        self, number: int, password: str, *, was: str | None = None, removed: bool = False
    ) -> Outcome:
        for place, old in enumerate(self.accounts):
            if old.number == number and not old.removed and was in (None, old.password):
                if was is None:
                    self._keep_sessions(lambda session: session.account != number)
                if removed:
                    self.bans = [ban for ban in self.bans if ban.subject != number]
                self.accounts[place] = Account(number, old.name, password, old.inbox, removed)
                return self.accounts[place]
        return Refused()

    def _keep_sessions(self, is_kept: Callable[[Session], bool]) -> None:
        self.sessions = {each: of for each, of in self.sessions.items() if is_kept(of)}

    def read(self, log: int, after: int, limit: int) -> list[Entry]:
        """Return what a reader should see."""
        return [
            Entry(log, place, author, text, ts)
            for place, (author, text, _, ts) in enumerate(self.logs[log], 1)
            if after < place <= after + limit
        ]


# A change whose log is the n-th one of the store, whatever number the store gave it.
Made = Callable[[list[int]], Change]

few = st.integers(0, 5)
names = st.sampled_from(["ann", "Ann", "bob", "BOB", "cy"])
words = st.sampled_from(["hello", "bye", ""])
digests = st.sampled_from([b"x", b"y", b"z"])


moments = st.integers(995, 1010).map(float)
subjects = few | st.sampled_from(["10.0.0.0/8", "2001:db8::/64"])

rules: st.SearchStrategy[RuleChange] = st.one_of(
    st.builds(AddBan, subjects, words, st.none() | moments),
    st.builds(LiftBan, subjects),
    st.builds(EndSessionsOf, few),
    st.builds(AddInvite, digests, words, moments),
    st.builds(RevokeInvite, digests),
)
acts = st.builds(Act, words, words, words, words, st.booleans())


def _draft(which: int, author: int, text: str, id_: str | None) -> Made:
    return lambda logs: Draft(logs[which % len(logs)], author, text, id_)


def _plain(change: Change) -> Made:
    return lambda _: change


changes: st.SearchStrategy[Made] = st.one_of(
    st.builds(_draft, few, few, words, st.none() | st.sampled_from("abc")),
    st.builds(AddAccount, names, words).map(_plain),
    st.builds(SetPassword, few, words, st.none() | words).map(_plain),
    st.builds(RemoveAccount, few).map(_plain),
    st.builds(AddSession, few, digests).map(_plain),
    st.builds(TouchSession, digests).map(_plain),
    st.builds(EndSession, digests).map(_plain),
    st.builds(ExpireSessions, st.floats(990, 1010)).map(_plain),
    rules.map(_plain),
    st.builds(AddAccount, names, words, digests).map(_plain),
    st.builds(Audited, rules | st.builds(AddAccount, names, words, digests), acts).map(_plain),
)


class Engines(RuleBasedStateMachine):
    """Does the same to both engines and holds each to its model."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.folder = contextlib.ExitStack()
        self.path = Path(self.folder.enter_context(tempfile.TemporaryDirectory())) / "chat.db"
        self.sqlite = SqliteStore(self.path, self.clock)
        self.memory = MemoryStore(clock=self.clock)
        self.models = (Model(), Model())
        for store, model in self._pairs():
            model.epochs[ROOM] = store.epoch(ROOM)

    def _pairs(self) -> list[tuple[Store, Model]]:
        return list(zip((self.memory, self.sqlite), self.models, strict=True))

    @rule(batch=st.lists(changes, max_size=6))
    def commit(self, batch: list[Made]) -> None:
        """Commit some changes, among them ids that come again and names that are taken."""
        for store, model in self._pairs():
            model.ts = max(model.ts, self.clock.now)
            made = [make(list(model.logs)) for make in batch]
            outcomes = store.commit(made)
            assert len(outcomes) == len(made)
            for change, outcome in zip(made, outcomes, strict=True):
                assert outcome == model.expect(change, outcome)
            for log in model.logs:
                model.epochs.setdefault(log, store.epoch(log))

    @rule(batch=st.lists(changes, max_size=3))
    def fail(self, batch: list[Made]) -> None:
        """Commit something that cannot be, at the end of what could."""
        for store, model in self._pairs():
            made = [*(make(list(model.logs)) for make in batch), Draft(-1, 1, "nowhere")]
            with contextlib.suppress(KeyError):
                store.commit(made)
                raise AssertionError("that should have failed")

    @rule(seconds=st.integers(-5, 5))
    def turn_the_clock(self, seconds: int) -> None:
        """Let time pass, or somebody set the clock back."""
        self.clock.now += seconds

    @rule()
    def open_again(self) -> None:
        """Close the file and open it."""
        self.sqlite.close()
        self.sqlite = SqliteStore(self.path, self.clock)
        model = self.models[1]
        entries = [said for log in model.logs.values() for said in log]
        model.ts = max((said[-1] for said in entries), default=0.0)  # accounts have no time

    @rule(which=few, after=few, limit=few)
    def read(self, which: int, after: int, limit: int) -> None:
        """Read from anywhere."""
        for store, model in self._pairs():
            log = list(model.logs)[which % len(model.logs)]
            assert store.read(log, after, limit) == model.read(log, after, limit)

    @invariant()
    def everything_is_as_the_model_has_it(self) -> None:
        """Heads, epochs, accounts, sessions and all entries."""
        for store, model in self._pairs():
            assert store.accounts() == model.accounts
            assert store.bans() == model.bans
            assert store.invites() == model.invites
            for digest in (b"x", b"y", b"z"):
                assert store.session(digest) == model.sessions.get(digest)
            for log, entries in model.logs.items():
                assert (store.head(log), store.oldest(log)) == (len(entries), 1)
                assert store.epoch(log) == model.epochs[log]
                assert store.shared(log, model.epochs[log]) == len(entries)
                assert store.read(log, 0, 1000) == model.read(log, 0, 1000)

    def teardown(self) -> None:
        """Take the files away."""
        self.sqlite.close()
        self.folder.close()


TestEngines = Engines.TestCase
TestEngines.settings = settings(max_examples=40, stateful_step_count=25)
