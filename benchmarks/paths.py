"""Where things are."""

from pathlib import Path

HERE = Path(__file__).parent
"""The yardstick."""

ROOT = HERE.parent
"""The project."""

WORK = ROOT / "build" / "bench"
"""Where servers keep their data while they are measured, on a disk and not in memory, and what is
worth keeping from run to run; `make clean` removes it."""
