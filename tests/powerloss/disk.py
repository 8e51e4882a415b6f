"""A disk that may lose power: what it is sure to hold, and what else it may hold.

A file system promises no more than this: what a file held when a sync of it returned is on the
disk, and so are the names that a folder had when a sync of the folder returned. Of what was done
since then any part may be there: any of the writes to a file, whatever became of other files, and
of one write any of its sectors, and any of the changes of names.
"""

import random
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.powerloss.recording import (
    Linked,
    Made,
    Removed,
    Renamed,
    Step,
    Synced,
    Truncated,
    Written,
)

SECTOR = 512
"""What a disk writes as a whole or not at all, in bytes."""

Files = dict[str, bytes]
"""What the files hold, by their paths below the folder."""

Change = Written | Truncated


Names = dict[str, "_File | None"]
"""What has which name; None where nothing has it."""


class Loss(NamedTuple):
    """What became of all that was not synced when the power went."""

    writes: Callable[[Sequence[Change]], Iterable[Change]]
    """Says of the changes of one file which of them are on the disk."""
    names: Callable[[Sequence[Names]], Iterable[Names]]
    """Says the same of the changes of the names in one folder."""


def all_lost() -> Loss:
    """Nothing that was not synced is there."""
    return Loss(lambda _: (), lambda _: ())


def nothing_lost() -> Loss:
    """All is there, as after the death of a process."""
    return Loss(lambda changes: changes, lambda changes: changes)


def first_ones(rng: random.Random) -> Loss:
    """Of each file the first few changes are there, so that files are of different times."""
    return Loss(
        lambda changes: changes[: rng.randint(0, len(changes))],
        lambda changes: changes[: rng.randint(0, len(changes))],
    )


def any_ones(rng: random.Random) -> Loss:
    """Of each file any of the changes are there, as a disk writes them in an order of its own."""
    return Loss(
        lambda changes: [change for change in changes if rng.random() < 0.5],
        lambda changes: [change for change in changes if rng.random() < 0.5],
    )


def torn(rng: random.Random) -> Loss:
    """Of each file the first few changes are there, and some sectors of the one behind them."""

    def writes(changes: Sequence[Change]) -> Iterable[Change]:
        if not changes:
            return
        whole = rng.randrange(len(changes))
        yield from changes[:whole]
        broken = changes[whole]
        if isinstance(broken, Written):
            if rng.random() < 0.5:  # the length is there and the data is not: zeros
                yield broken._replace(offset=broken.offset + len(broken.data), data=b"")
            yield from (sector for sector in sectors(broken) if rng.random() < 0.5)

    return Loss(writes, lambda changes: changes[: rng.randint(0, len(changes))])


def sectors(write: Written) -> list[Written]:
    """Return the parts of a write that a disk writes each as a whole."""
    end = write.offset + len(write.data)
    first = write.offset - write.offset % SECTOR
    starts = [write.offset, *range(first + SECTOR, end, SECTOR)]
    return [
        Written(write.inode, start, write.data[start - write.offset : stop - write.offset])
        for start, stop in zip(starts, [*starts[1:], end], strict=True)
    ]


class _File:
    """A file or a folder, whatever its names are."""

    def __init__(self, content: bytes = b"", *, folder: bool = False) -> None:
        self.folder = folder
        self.pending: list[Change] = []  # what was done since the last sync
        self._synced = content

    def sync(self) -> None:
        """Put all that was done on the disk."""
        self._synced = self.content(self.pending)
        self.pending = []

    def content(self, changes: Iterable[Change]) -> bytes:
        """Return what it holds with `changes` beside what was synced."""
        data = bytearray(self._synced)
        for change in changes:
            written = b"" if isinstance(change, Truncated) else change.data
            end = change.length if isinstance(change, Truncated) else change.offset + len(written)
            data.extend(bytes(max(0, end - len(data))))
            if isinstance(change, Truncated):
                del data[end:]
            else:
                data[change.offset : end] = written
        return bytes(data)


class Disk:
    """The files below a folder while they are changed step by step.

    Args:
        folder: where they are; it exists. What is in it already counts as synced.
    """

    def __init__(self, folder: Path) -> None:
        folder = folder.resolve()
        self._root = str(folder)
        self._names: Names = {}
        self._files: dict[int, _File] = {}  # by inode; the newest that has it
        for path in (folder, *folder.rglob("*")):
            file = _File(folder=True) if path.is_dir() else _File(path.read_bytes())
            self._names[str(path)] = self._files[path.stat().st_ino] = file
        self._synced_names = dict(self._names)
        self._pending_names: dict[_File, list[Names]] = {}  # by the folder that they are in

    def take(self, step: Step) -> None:
        """Do what a process did."""
        match step:
            case Made(inode, path, folder):
                file = self._files[inode] = _File(folder=folder)
                self._name({path: file})
            case Written(inode) | Truncated(inode):
                self._files[inode].pending.append(step)
            case Synced(inode):
                self._sync(self._files[inode])
            case Removed(path):
                self._name({path: None})
            case Renamed(path, new):
                self._name({path: None, new: self._names[path]})
            case Linked(path, new):
                self._name({new: self._names[path]})
            case _:  # what was sent changes nothing here
                pass

    def _name(self, names: Names) -> None:
        """Change names, all of them in one folder, as one step."""
        (folder,) = {str(Path(path).parent) for path in names}
        self._names |= names
        holder = self._names[folder]
        assert holder is not None
        self._pending_names.setdefault(holder, []).append(names)

    def _sync(self, file: _File) -> None:
        file.sync()
        for names in self._pending_names.pop(file, ()):
            self._synced_names |= names

    def after(self, loss: Loss) -> Files:
        """Return what the files hold when the power goes now."""
        names = dict(self._synced_names)
        for changes in self._pending_names.values():
            for changed in loss.names(changes):
                names |= changed
        contents: dict[_File, bytes] = {}  # a file with two names is one file
        found: Files = {}
        for path, file in names.items():
            if file is None or file.folder or not self._reachable(path, names):
                continue
            if file not in contents:
                contents[file] = file.content(loss.writes(file.pending))
            found[str(Path(path).relative_to(self._root))] = contents[file]
        return found

    def _reachable(self, path: str, names: Names) -> bool:
        """Say whether all folders on the way to `path` are there."""
        folders = [str(folder) for folder in Path(path).parents]
        return all(names.get(folder) for folder in folders[: folders.index(self._root) + 1])
