"""The `console` blocks of a document, run by a shell as a reader would type them."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.docs.markdown import Block
from tests.docs.session import without_times
from tests.serving import environment

DEADLINE = 60.0
"""Seconds that all commands of a document may take."""

_MARK = "\x1e"


class Command(NamedTuple):
    """A command, and what a document says it prints."""

    where: str
    line: str
    printed: str


def commands(blocks: Sequence[Block]) -> list[Command]:
    """Returns the commands in `console` blocks; `$ ` starts one and `> ` goes on with it."""
    return [command for block in blocks for command in _commands(block)]


def _commands(block: Block) -> Iterator[Command]:
    first, *pieces = re.split(r"^\$ ", block.text, flags=re.MULTILINE)
    assert not first, f"{block} starts with something else than a command"
    for piece in pieces:
        typed, *rest = piece.splitlines()
        while rest and rest[0].startswith("> "):
            typed += "\n" + rest.pop(0)[2:]
        yield Command(str(block), typed, "\n".join(rest))


def run(script: Sequence[Command], home: Path, address: str) -> list[str]:
    """Runs commands in one shell that stops at the first that fails; returns what each printed.

    Args:
        script: the commands.
        home: the home folder, where they are run.
        address: of the server that commands find without naming it.
    """
    lines = [f"printf '{_MARK}'\n{command.line}\n" for command in script]
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "".join(lines)],
        cwd=home,
        env=environment(_surroundings(home, address)),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=DEADLINE,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return [printed.rstrip("\n") for printed in done.stdout.split(_MARK)[1:]]


def _surroundings(home: Path, address: str) -> dict[str, str]:
    """Returns an environment with `chatroom` on the path and nothing of this computer."""
    programs = home / ".local/bin"
    programs.mkdir(parents=True)
    program = programs / "chatroom"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m chatroom.cli.main "$@"\n')
    program.chmod(0o755)
    (programs / "python").symlink_to(sys.executable)
    return {
        "PATH": f"{programs}:{os.environ['PATH']}",
        "HOME": str(home),
        "XDG_DATA_HOME": "",
        "CHATROOM_SERVER": address,
        "CHATROOM_AUTH_ARGON2_TIME_COST": "1",
        "CHATROOM_AUTH_ARGON2_MEMORY_KIB": "8",
    }


def fits(printed: str, expected: str) -> bool:
    """Says whether something was printed as written; `...` stands for any number of lines."""
    pattern = "\n".join(
        r"(?s:.*)" if line == "..." else re.escape(without_times(line))
        for line in expected.splitlines()
    )
    return re.fullmatch(pattern, without_times(printed)) is not None
