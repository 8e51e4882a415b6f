"""A process that commits without end and says what is confirmed, to be killed at any moment.

    python -m tests.log.committing DATABASE RUN

It prints `SEQ TEXT` for each entry after its commit, a commit a write.
"""

import sys
from itertools import count
from pathlib import Path

from chatroom.log.base import ROOM, Appended, Draft
from chatroom.log.sqlite import SqliteStore


def main(path: Path, run: str) -> None:
    """Commit batches of one to five messages to the store at `path`."""
    store = SqliteStore(path)
    for number in count():
        drafts = [
            Draft(ROOM, 1, f"{run}.{number}.{part}", f"{run}.{number}.{part}")
            for part in range(number % 5 + 1)
        ]
        lines = [
            f"{outcome.seq} {draft.text}\n"
            for draft, outcome in zip(drafts, store.commit(drafts), strict=True)
            if isinstance(outcome, Appended)
        ]
        sys.stdout.write("".join(lines))
        sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
