"""Inputs that found a fault. Each is a file, and a test puts all of them through again."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

FOUND = Path(__file__).parent / "found"
"""Where they are, in a folder for each target. The names are libFuzzer's: what the input did,
and its SHA-1."""


class Find(NamedTuple):
    """An input that found a fault."""

    target: str
    path: Path


def keep(target: str, what: str, data: bytes, folder: Path = FOUND) -> Path:
    """Keep an input; return where.

    Args:
        target: what it was put through.
        what: `crash` or `timeout`.
        data: the input.
        folder: where all of them are.
    """
    path = folder / target / f"{what}-{hashlib.sha1(data, usedforsecurity=False).hexdigest()}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def all_found(folder: Path = FOUND) -> Iterator[Find]:
    """Yield what was found so far."""
    for path in sorted(folder.glob("*/*-*")):
        yield Find(path.parent.name, path)
