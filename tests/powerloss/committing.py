"""A process that commits batches and tells each time when it begins one and when it is confirmed.

The arguments are the database, the first batch, the one behind the last and, if the disk is not to
be waited for, `careless`.
"""

import os
import random
import socket
import sys
from pathlib import Path

from chatroom.log.base import ROOM, AddAccount, Change, Draft, SetPassword
from chatroom.log.opening import open_store
from chatroom.log.sqlite import SqliteStore

NAMES = ("alice", "bob", "carol")
"""Who has the accounts 1, 2 and 3 and the inboxes 2, 3 and 4."""

WAL_PAGES = 40
"""How long the write-ahead log grows until it is written back: short, so that it often is."""


class BatchClock:
    """A clock that says which batch it is."""

    def __init__(self) -> None:
        self.batch = 0

    def __call__(self) -> float:
        """Return 1000 and the number of the batch."""
        return 1000.0 + self.batch


def batches() -> list[list[Change]]:
    """Return what is committed, always the same."""
    rng = random.Random(5)  # noqa: S311  # the same each time
    first: list[Change] = [AddAccount(name, "hash") for name in NAMES]
    return [first, *(_batch(rng, number) for number in range(1, 51))]


def _batch(rng: random.Random, number: int) -> list[Change]:
    batch: list[Change] = []
    for index in range(rng.randint(1, 5)):
        text = f"{number}.{index} " + rng.choice("xßあ😀") * rng.randint(0, 1500)
        id_ = f"{number}.{index}" if rng.random() < 0.8 else None
        log = rng.choice((ROOM, ROOM, 2, 3, 4))
        batch.append(Draft(log, rng.randint(1, len(NAMES)), text, id_))
    if rng.random() < 0.2:
        batch.append(SetPassword(rng.randint(1, len(NAMES)), f"hash {number}"))
    return batch


def main(path: Path, first: int, last: int, *, careless: bool) -> None:
    """Commit the batches from `first` up to `last` and die, unless that was the last of all.

    What is told goes to a socket, which is recorded like a server's.
    """
    mouth, ear = socket.socketpair()
    clock = BatchClock()
    with open_store(path) as store:
        assert isinstance(store, SqliteStore)
        writer = store._writer
        store._clock = clock
        writer.execute(f"PRAGMA wal_autocheckpoint = {WAL_PAGES}")
        if careless:
            writer.execute("PRAGMA synchronous = OFF")
        for number, batch in list(enumerate(batches()))[first:last]:
            clock.batch = number
            mouth.send(b"begun\n")
            store.commit(batch)
            mouth.send(b"confirmed\n")
            ear.recv(len(b"begun\nconfirmed\n"))
        if last < len(batches()):
            os._exit(0)
    mouth.close()
    ear.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), careless="careless" in sys.argv)
