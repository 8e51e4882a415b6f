"""What incarnations of a log have in common."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from chatroom.log.lineage import Known, merged


def test_a_backup_of_the_log_itself() -> None:
    """Up to its end all is common; what came later is gone."""
    assert merged({"now": 7}, {"now": 12}) == {"now": 7}


def test_the_earlier_incarnations_of_both_are_known() -> None:
    assert merged({"backup's": 7, "old": 3}, {"now": 12, "old": 5}) == {
        "backup's": 7,
        "old": 3,
        "now": 3,
    }


def test_strangers_have_nothing_in_common() -> None:
    assert merged({"one": 7}, {"other": 7}) == {"one": 7}


def test_a_log_without_entries_has_nothing_in_common() -> None:
    assert merged({"now": 0}, {"now": 5}) == {}


class Incarnation:
    """A log in a file: what it says, and what it knows of others."""

    def __init__(self, epoch: str, entries: list[int], known: Known) -> None:
        self.epoch = epoch
        self.entries = entries
        self.known = known

    @property
    def all_known(self) -> Known:
        """What it knows, itself included."""
        return {**self.known, self.epoch: len(self.entries)}


class Histories(RuleBasedStateMachine):
    """Entries are said, backups made, and any of them restored, over and over.

    Each entry is another number, so what two logs have in common can be seen.
    """

    def __init__(self) -> None:
        super().__init__()
        self.live = Incarnation("epoch 0", [], {})
        self.backups: list[Incarnation] = []
        self.ever: dict[str, list[int]] = {"epoch 0": []}
        self.said = 0

    @rule(count=st.integers(1, 3))
    def say(self, count: int) -> None:
        """Append entries."""
        for _ in range(count):
            self.said += 1
            self.live.entries.append(self.said)
        self.ever[self.live.epoch] = list(self.live.entries)

    @rule()
    def back_up(self) -> None:
        """Keep a copy."""
        live = self.live
        self.backups.append(Incarnation(live.epoch, list(live.entries), dict(live.known)))

    @rule(which=st.integers(0, 99))
    def restore(self, which: int) -> None:
        """Go back to one of the copies: its own places and those of what it replaces stay good."""
        if not self.backups:
            return
        backup, replaced = self.backups[which % len(self.backups)], self.live
        known = merged(backup.all_known, replaced.all_known)
        for one in (backup, replaced):
            assert known.get(one.epoch, 0) == common(one.entries, backup.entries)
        epoch = f"epoch {len(self.ever)}"
        self.live = Incarnation(epoch, list(backup.entries), known)
        self.ever[epoch] = list(backup.entries)

    @invariant()
    def what_is_known_is_so(self) -> None:
        """Of no incarnation there ever was more is known than what is common with it."""
        for epoch, last in self.live.known.items():
            assert 0 < last <= common(self.ever[epoch], self.live.entries)


def common(one: list[int], other: list[int]) -> int:
    """Return how many entries two logs begin with that are the same."""
    count = 0
    for first, second in zip(one, other, strict=False):
        if first != second:
            break
        count += 1
    return count


TestHistories = Histories.TestCase
TestHistories.settings = settings(max_examples=50, stateful_step_count=30)
