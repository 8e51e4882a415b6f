"""A process that holds a store until it is killed or its input ends.

    python -m tests.log.locking DATABASE

It prints one line: `held`, or why not.
"""

import sys
from pathlib import Path

from chatroom.log.base import StoreError
from chatroom.log.lock import StoreLock


def main(path: Path) -> None:
    """Hold the lock of `path`."""
    try:
        lock = StoreLock(path)
    except StoreError as error:
        print(error, flush=True)  # noqa: T201  # what this process is for
        return
    print("held", flush=True)  # noqa: T201  # what this process is for
    sys.stdin.read()
    lock.release()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
