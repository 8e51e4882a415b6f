"""What is known of a server before it runs."""

import os
import shutil
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar


@dataclass(frozen=True)
class Place:
    """Where a server is to run, and what for."""

    folder: Path
    """A folder of its own, empty."""
    port: int
    """Where it is to listen, on 127.0.0.1."""
    in_memory: bool = False
    """Whether nothing is to be stored, where there is a choice."""
    partners: bool = False
    """Whether clients write to their partners alone, for a server that must know before."""


@dataclass(frozen=True)
class Launch:
    """How to start a server that is set up."""

    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    """What is to be set beside what is set here."""


class Recipe(ABC):
    """A server: how to find it and how to set it up, without limits and flood control."""

    name: ClassVar[str]
    """What it is called on the command line and in the scenarios."""
    title: ClassVar[str]
    """What it is called in a table."""
    language: ClassVar[str]
    """A key of `languages.LANGUAGES`."""
    peer: ClassVar[bool] = True
    """Whether it is somebody else's server."""
    most_clients: ClassVar[int | None] = None
    """How many clients it can hold, None if that is a matter of the machine."""
    logins_at_once: ClassVar[int] = 32
    """How many clients of one process may be on their way in at once."""
    obtain: ClassVar[str] = ""
    """How a person gets it."""

    @abstractmethod
    def version(self) -> str | None:
        """Return which version is installed, None if there is none."""

    @abstractmethod
    def prepare(self, place: Place) -> Launch:
        """Write what it needs into its folder, and return how to start it in the foreground."""


def program(*names: str) -> str | None:
    """Return where the first of some programs is, also beside what a person has on the path."""
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"])
    return next((found for name in names if (found := shutil.which(name, path=path))), None)


def printed(command: Sequence[str]) -> str:
    """Return what a program prints that soon ends, "" if it does neither."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return (done.stdout + done.stderr).strip()


def first_line(command: Sequence[str]) -> str:
    """Return the first line that a program prints, such as its version; "" if it prints none."""
    return printed(command).partition("\n")[0]
