"""A reader in a room, whose socket takes as much as a plan says, and what it should be told.

The plan is made by hand or by hypothesis. No thread runs; rounds come when the plan says so.
"""

from collections.abc import Sequence
from contextlib import ExitStack
from typing import Literal, NamedTuple

from hypothesis import strategies as st

from chatroom.log.base import ROOM, Appended, Draft, Entry
from chatroom.log.memory import MemoryStore
from chatroom.protocol import events
from chatroom.protocol.events import REPLAY
from chatroom.server.backlog import ENTRIES
from chatroom.server.face import LINES, Framing, Shared
from chatroom.server.outbox import Outbox
from chatroom.server.round import Round
from chatroom.web.websocket import MESSAGES
from tests.server.stage import (
    Trickle,
    account,
    accounts_in,
    catch_up,
    frames,
    private_frame,
    public_frame,
    readers_of,
)
from tests.websocket import cut

Kind = Literal["others", "own", "reply", "private", "roster", "join", "return", "part", "bye"]


class Step(NamedTuple):
    """Something that concerns the one reader that is looked at."""

    kind: Kind
    text: str


class Turn(NamedTuple):
    """One round of the delivery, and how much its reader takes of it and behind it."""

    steps: Sequence[Step]
    allowances: Sequence[int]
    resumes: int


def steps(*kinds: Kind) -> st.SearchStrategy[Step]:
    """Return a strategy for steps of some kinds."""
    return st.builds(Step, st.sampled_from(kinds), st.text('aé☃\n"', min_size=1, max_size=30))


def turns(*kinds: Kind) -> st.SearchStrategy[list[Turn]]:
    """Return a strategy for rounds in which there are steps of some kinds."""
    allowances = st.lists(st.integers(0, 400), max_size=6)
    turn = st.builds(Turn, st.lists(steps(*kinds), max_size=8), allowances, st.integers(0, 2))
    return st.lists(turn, min_size=1, max_size=6)


class Told:
    """What the reader would be told if its socket were never full."""

    def __init__(self) -> None:
        self.stream: list[bytes] = []
        """Everything but the direct messages and rosters."""
        self.public: list[bytes] = []
        """What others said to everyone, which is in `stream` too."""
        self.private: list[bytes] = []
        self.rosters: list[bytes] = []


class Scene:
    """One reader in a room, whom others and it itself give something to read.

    Args:
        stack: closes what the scene needs.
        capacity: how many entries the store keeps.
        tail_bytes: how many bytes the readers keep.
        entries: how many entries are read for them at a time.
        framing: how the reader is sent events.
    """

    def __init__(
        self,
        stack: ExitStack,
        *,
        capacity: int,
        tail_bytes: int,
        entries: int = ENTRIES,
        framing: Framing = LINES,
    ) -> None:
        self.store = MemoryStore(capacity)
        self._accounts = stack.enter_context(accounts_in(self.store, "alice", "bob"))
        self._alice, self._bob = (account(self._accounts, name) for name in ("alice", "bob"))
        self.readers, self.selector = stack.enter_context(
            readers_of(self.store, self._accounts, tail_bytes=tail_bytes, entries=entries)
        )
        self.sock = stack.enter_context(Trickle())
        self.outbox = Outbox(self.sock)
        self.outbox.framing = framing
        self.told = Told()
        self._roster = 0
        self._present = False
        self._whispered = 0  # the place of the newest direct message that was sent

    @property
    def arrived(self) -> list[bytes]:
        """What the reader has been sent, frame by frame, each as a line."""
        if self.outbox.framing is not MESSAGES:
            return frames(self.sock.taken)
        found, rest = cut(bytes(self.sock.taken))
        assert not rest
        return [payload + b"\n" for _, payload in found]

    def play_out(self, plan: Sequence[Turn], *, ahead: bool = False) -> None:
        """Go through `plan`, and let the reader catch up at last."""
        self.play(plan, ahead=ahead)
        catch_up(self.readers, self.outbox)

    def play(self, plan: Sequence[Turn], *, ahead: bool = False) -> None:
        """Go through `plan`.

        Args:
            plan: what happens.
            ahead: whether everything is committed before the first round is sent.
        """
        committed = [self._commit(turn) for turn in plan] if ahead else []
        for index, turn in enumerate(plan):
            self.sock.allow(*turn.allowances)
            self._send(turn, committed[index] if ahead else self._commit(turn))
            for _ in range(turn.resumes):
                if self.outbox.stalled:
                    self.readers.take_up([self.outbox])
                    self.readers.resume()

    def _commit(self, turn: Turn) -> list[Entry | None]:
        """Commit what is said in a round; return the entry of each step."""
        return [self._entry(step) for step in turn.steps]

    def _entry(self, step: Step) -> Entry | None:
        logs = {"others": ROOM, "own": ROOM, "private": self._bob.inbox}
        log = logs.get(step.kind)
        if log is None:
            return None
        author = self._bob if step.kind == "own" else self._alice
        (outcome,) = self.store.commit([Draft(log, author.number, step.text)])
        assert isinstance(outcome, Appended)
        return Entry(log, outcome.seq, author.number, step.text, outcome.ts)

    def _send(self, turn: Turn, entries: Sequence[Entry | None]) -> None:
        """Do one round."""
        work = Round(self.readers.head + 1)
        for step, entry in zip(turn.steps, entries, strict=True):
            if entry is None:
                self._take_up(work, step)
            elif step.kind == "private":
                self._whisper(work, entry)
            else:
                self._say(work, step, entry)
        self.readers.send(work)

    def _take_up(self, work: Round, step: Step) -> None:
        match step.kind:
            case "reply":
                self._reply(work, _reply_to(step))
            case "roster" if self._present:
                self._tell_roster(work)
            case "join" if self.outbox.account is None:
                self._present = True
                self.readers.join(self.outbox, self._bob, work.next)
                self._reply(work, b"welcome\n")
            case "return" if self.outbox.account is None:
                self._present = True
                self._return(work, len(step.text))
            case "part" if self._present:
                self._part(work)
            case "bye" if not self.outbox.finishing:
                if self._present:
                    self._part(work)
                self.outbox.farewell = self.outbox.framing.frame(b"bye\n")
                self.outbox.finishing = True
                work.touch(self.outbox)

    def _say(self, work: Round, step: Step, entry: Entry) -> None:
        own = step.kind == "own"
        frame = public_frame(self.store, self._bob if own else self._alice, entry)
        if self._present and own:
            work.insert_instead(self.outbox, _reply_to(step), weight=1)
            self.told.stream.append(_reply_to(step))
        elif self._present:
            self.told.stream.append(frame)
            self.told.public.append(frame)
        work.add(frame)

    def _whisper(self, work: Round, entry: Entry) -> None:
        self._whispered = entry.seq
        if self._present:
            frame = private_frame(self.store, self._alice, self._bob, entry)
            work.insert(self.outbox, frame, inbox=entry.seq)
            self.told.private.append(frame)

    def _reply(self, work: Round, frame: bytes) -> None:
        if not self.outbox.finishing:
            work.insert(self.outbox, frame, weight=1)
            self.told.stream.append(frame)

    def _return(self, work: Round, behind: int) -> None:
        """Come in with so many messages of each kind missed."""
        public, private = work.next - behind, self._whispered + 1 - behind
        self.outbox.direct.begin(max(1, private), self._whispered + 1)
        self.readers.join(self.outbox, self._bob, work.next, max(1, public))
        work.insert_first(self.outbox, b"resumed\n")
        self.told.stream.append(b"resumed\n")
        authors = {account.number: account for account in (self._alice, self._bob)}
        for entry in self.store.read(ROOM, max(1, public) - 1, behind):
            if entry.seq < work.next:
                author = authors[entry.author]
                self.told.stream.append(public_frame(self.store, author, entry, REPLAY))
        for entry in self.store.read(self._bob.inbox, max(1, private) - 1, behind):
            if entry.seq <= self._whispered:
                frame = private_frame(self.store, self._alice, self._bob, entry, REPLAY)
                self.told.private.append(frame)

    def _part(self, work: Round) -> None:
        self._present = False
        self.readers.part(self.outbox, work.next)
        work.touch(self.outbox)

    def _tell_roster(self, work: Round) -> None:
        """Do what the delivery does."""
        self._roster += 1
        frame = events.update_users((f"user{self._roster}",))
        roster = self.readers.roster = Shared(frame)
        self.told.rosters.append(frame)
        if self.outbox.stalled:
            self.outbox.roster_due = True
        else:
            work.insert_framed(self.outbox, roster.framed(self.outbox.framing))


def _reply_to(step: Step) -> bytes:
    return f"{step.text!r}\n".encode()
