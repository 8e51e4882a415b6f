"""What the tests of the commands share that keep, check and print the data."""

import contextlib
import sqlite3
from pathlib import Path

from tests.cli.command import run
from tests.serving import environment


def succeeds(*words: str | Path) -> str:
    """Run a command that ends well; return what it printed."""
    done = run(*map(str, words))
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def fails(status: int, *words: str | Path) -> list[str]:
    """Run a command that ends with `status`; return what it said, line by line."""
    done = run(*map(str, words))
    assert (done.returncode, done.stdout) == (status, "")
    lines = done.stderr.splitlines()
    assert all(line.startswith("chatroom: ") for line in lines)
    return [line.removeprefix("chatroom: ") for line in lines]


def forge(path: Path) -> None:
    """Change what somebody said."""
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE entries SET text = 'forged' WHERE log = 1 AND seq = 2")


def names(folder: Path) -> list[str]:
    """Return what there is in a folder."""
    return sorted(file.name for file in folder.iterdir())


def without_coverage() -> dict[str, str]:
    """Return the environment of a process whose coverage is not measured.

    Where a process may write no long file, its coverage could not be written either.
    """
    return {key: text for key, text in environment().items() if not key.startswith("COVERAGE")}
