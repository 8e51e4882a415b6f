"""What a run has to report."""

from typing import NamedTuple


class Report(NamedTuple):
    """What came of a run."""

    target: str
    engine: str
    inputs: int
    """How many were put through."""
    seconds: float
    grown_kib: int
    """By how much the memory has grown, from a tenth of the run to its end."""
    found: tuple[str, ...] = ()
    """The files of inputs that found a fault."""
    covered: tuple[int, int] | None = None
    """Edges that were covered at the beginning and at the end; None where nobody counts them."""
    complaint: str = ""
    """What is wrong with the run as a whole."""

    @property
    def good(self) -> bool:
        """Whether nothing was found."""
        return not self.found and not self.complaint

    def __str__(self) -> str:
        """Return it for a person, on one line."""
        rate = self.inputs / self.seconds if self.seconds else 0.0
        words = [
            f"{self.target} ({self.engine}): {self.inputs:,} inputs in {self.seconds:.0f} s",
            f"{rate:,.0f} a second",
            f"memory {self.grown_kib:+,} KiB",
        ]
        if self.covered:
            words.append("edges {} -> {}".format(*self.covered))
        words.append(
            f"found {len(self.found)}: {' '.join(self.found)}" if self.found else "found 0"
        )
        if self.complaint:
            words.append(self.complaint)
        return "; ".join(words)
