"""What one round of a scenario with one server gave."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Measured:
    """Figures by their names in `figures.FIGURES`, and what is to be known of them."""

    figures: dict[str, float]
    note: str = ""
