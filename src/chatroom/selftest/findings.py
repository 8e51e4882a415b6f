"""What a look at the records of a self-test has found."""

from collections import Counter
from enum import StrEnum

EXAMPLES = 5
"""How many faults of a kind are described; the others are counted."""


class Kind(StrEnum):
    """What can be wrong with a message."""

    LOST = "lost"
    """It was confirmed or taken and is not in the log, or somebody did not receive it."""
    DOUBLED = "doubled"
    """It is in the log twice, or somebody received it twice."""
    OUT_OF_ORDER = "out of order"
    """It stands in the log, or was received, behind one that came after it."""
    MISPLACED = "in the wrong place"
    """It is in the log, and not where somebody was told or in the log of another."""
    UNKNOWN = "unknown"
    """Nobody said it, or it was refused, and yet it is in a log or was received."""


class Findings:
    """Counts what was seen, and the faults, of which it keeps a few of each kind as sentences."""

    def __init__(self) -> None:
        self.faults: Counter[Kind] = Counter(dict.fromkeys(Kind, 0))
        """How many faults there are of each kind."""
        self.examples: dict[Kind, list[str]] = {kind: [] for kind in Kind}
        """The first few of each kind, a sentence each."""
        self.restless: list[str] = []
        """What had not come to rest in the end, a sentence each."""
        self.confirmed = 0
        """Messages that were confirmed to the program that sent them."""
        self.direct = 0
        """The direct ones among them."""
        self.refused = 0
        """Direct messages that were refused because the recipient was away."""
        self.recognised = 0
        """Sendings that the log recognised as those of a message it had."""
        self.deliveries = 0
        """Messages that clients' programs received."""
        self.replayed = 0
        """Those among them that came later, from the log."""
        self.repeated = 0
        """Those that came again, as they should, to a program that was killed over them."""
        self.longest_away = 0.0
        """The longest time that a line was down, in seconds, as far as programs were told."""

    @property
    def sound(self) -> bool:
        """Whether there is no fault and everything came to rest."""
        return not self.restless and not any(self.faults.values())

    def fault(self, kind: Kind, sentence: str) -> None:
        """Adds a fault."""
        self.faults[kind] += 1
        if len(self.examples[kind]) < EXAMPLES:
            self.examples[kind].append(sentence)


def tag(text: str) -> str:
    """Returns what a message is called in a sentence: its first word, which no other has."""
    return text.split(maxsplit=1)[0][:40] if text.strip() else repr(text[:40])
