"""A disk whose syncs fail from when the test says so, below a process of its own."""

import subprocess
from pathlib import Path
from typing import NamedTuple

from tests.needs import need_compiler

SOURCE = Path(__file__).with_suffix(".c")


class Call(NamedTuple):
    """What a process asked of the disk."""

    name: str
    """The system's function."""
    file: str
    """In the folder."""
    done: bool


class FailingDisk:
    """Stands for the disk of one folder.

    Args:
        scratch: a folder for what is needed beside it.
        folder: the one whose files are meant.
    """

    def __init__(self, scratch: Path, folder: Path) -> None:
        need_compiler()
        scratch.mkdir()
        self._library = scratch / "failing.so"
        self._calls = scratch / "calls"
        self._when = scratch / "fail"
        self._folder = folder.resolve()
        subprocess.run(
            ["gcc", "-Wall", "-Werror", "-shared", "-fPIC", "-o", self._library, SOURCE, "-ldl"],
            check=True,
        )

    @property
    def environment(self) -> dict[str, str]:
        """What a process that has this disk is started with."""
        return {
            "LD_PRELOAD": str(self._library),
            "FAILING_FOLDER": str(self._folder),
            "FAILING_CALLS": str(self._calls),
            "FAILING_WHEN": str(self._when),
        }

    def fail(self) -> None:
        """From now on nothing is synced any more."""
        self._when.touch()

    def calls(self) -> list[Call]:
        """Returns what was asked of the disk, in order."""
        lines = [line.split() for line in self._calls.read_text().splitlines()]
        return [Call(name, file, result == "done") for name, file, result in lines]
