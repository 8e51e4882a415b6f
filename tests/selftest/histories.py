"""Records of self-tests in which everything is right, for tests that then break them."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field

from hypothesis import strategies as st

from chatroom.protocol.errors import ErrorCode
from chatroom.selftest.records import (
    INBOX,
    ROOM,
    Again,
    Committed,
    Confirmed,
    Entered,
    Entry,
    History,
    Log,
    Logs,
    Offered,
    Received,
    Record,
    Refused,
    Rested,
    Returned,
    Sent,
    Withheld,
)

NAMES = ("ann", "bob", "cyd")


@dataclass
class Run:
    """A whole run: the logs by their owners (None for the room), and every client's lives."""

    logs: dict[str | None, list[Entry]]
    lives: dict[str, list[list[Record]]]
    epochs: dict[str | None, str] = field(
        default_factory=lambda: {owner: f"epoch of {owner}" for owner in (None, *NAMES)}
    )

    def checked(self) -> tuple[Logs, list[History]]:
        """Returns what the checker takes."""
        made = {owner: Log(self.epochs[owner], entries) for owner, entries in self.logs.items()}
        inboxes = {owner: log for owner, log in made.items() if owner is not None}
        histories = [History(name, lives) for name, lives in self.lives.items()]
        return Logs(made[None], inboxes), histories

    def records(self, kind: type[Record]) -> Iterator[tuple[list[Record], int]]:
        """Yields each place of a record of a kind: the life, and where in it."""
        for lives in self.lives.values():
            for life in lives:
                for index, record in enumerate(life):
                    if isinstance(record, kind):
                        yield life, index


class Maker:
    """Plays a run in which nothing goes wrong that should not.

    Args:
        choices: What decides everything.
    """

    def __init__(self, choices: random.Random) -> None:
        self._choices = choices
        self._run = Run(
            {owner: [] for owner in (None, *NAMES)}, {name: [[Entered()]] for name in NAMES}
        )
        self._told: dict[tuple[str, str | None], int] = {
            (name, owner): 0 for name in NAMES for owner in (None, name)
        }  # what the library has given the program
        self._committed = dict(self._told)
        self._confirmed: dict[str, list[Confirmed]] = {name: [] for name in NAMES}
        self._unanswered: dict[str, list[str]] = {name: [] for name in NAMES}
        self._own: dict[str, set[int]] = {name: set() for name in NAMES}
        self._count = 0

    def play(self, steps: int) -> Run:
        """Returns a run of so many things that happen, and then comes to rest."""
        deeds = (self._say, self._say, self._hear, self._hear, self._fall, self._say_again)
        for _ in range(steps):
            self._choices.choice(deeds)(self._choices.choice(NAMES))
        for name in NAMES:
            while self._hear(name):
                pass
            self._life(name).append(Rested())
        return self._run

    def _life(self, name: str) -> list[Record]:
        return self._run.lives[name][-1]

    def _say(self, name: str) -> None:
        self._count += 1
        text = f"{name}-{self._count} said"
        to = self._choices.choice((None, None, *NAMES))
        life = self._life(name)
        life.append(Offered(text, to))
        fate = self._choices.random()
        if fate < 0.1:
            life.append(Withheld(text, "no room"))
            return
        if to is not None and fate < 0.2:
            life += [Sent(text), Refused(text, ErrorCode.USER_NOT_IN_ROOM)]
            return
        if fate < 0.25:  # it is killed over it, and the message had not been stored
            self._begin_life(name)
            return
        log = self._run.logs[to]
        log.append(Entry(name, text))
        if fate < 0.35:  # it is killed over it, and the next life sends it, unknown to the program
            life.append(Sent(text))
            self._begin_life(name)
            return
        answer = Confirmed(text, len(log), self._run.epochs[to], fate < 0.5)
        life += self._choices.sample([Sent(text), answer], 2)
        self._confirmed[name].append(answer)
        if to is None:
            self._own[name].add(len(log))

    def _hear(self, name: str) -> bool:
        """Receives the next entry of the room or the inbox; returns False if there is none."""
        for owner in self._choices.sample((None, name), 2):
            log = self._run.logs[owner]
            seq = self._told[name, owner] + 1
            while owner is None and seq in self._own[name]:
                seq += 1
            if seq <= len(log):
                self._receive(name, owner, seq, log[seq - 1])
                return True
        return False

    def _receive(self, name: str, owner: str | None, seq: int, entry: Entry) -> None:
        kind = ROOM if owner is None else INBOX
        replay = self._choices.random() < 0.3
        self._life(name).append(
            Received(
                kind, self._run.epochs[owner], seq, seq - 1, entry.sender, owner, entry.text, replay
            )
        )
        self._told[name, owner] = seq
        if self._choices.random() < 0.7:
            self._life(name).append(Committed(kind, seq))
            self._committed[name, owner] = seq

    def _fall(self, name: str) -> None:
        if self._choices.random() < 0.5:
            self._begin_life(name)
        else:
            self._life(name).append(Returned(1, self._choices.random()))

    def _begin_life(self, name: str) -> None:
        self._run.lives[name].append([Entered()])
        for owner in (None, name):
            self._told[name, owner] = self._committed[name, owner]

    def _say_again(self, name: str) -> None:
        if self._confirmed[name]:
            known = self._choices.choice(self._confirmed[name])
            self._life(name).append(Again(known.text, known.seq, known.epoch, duplicate=True))


def choices() -> st.SearchStrategy[random.Random]:
    """Draws what decides: quick, as only its seed is hypothesis's."""
    return st.integers(0, 2**32).map(random.Random)


def runs() -> st.SearchStrategy[Run]:
    """Draws runs in which everything is right."""
    return st.builds(lambda made, steps: Maker(made).play(steps), choices(), st.integers(0, 60))


def played(seed: int, steps: int) -> Run:
    """Returns a run in which everything is right, always the same."""
    return Maker(random.Random(seed)).play(steps)  # noqa: S311 - it is to be the same
