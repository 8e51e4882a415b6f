"""Which processes there are."""

import contextlib
from pathlib import Path


def processes_of(folder: Path) -> list[str]:
    """Returns the command lines, other than of this process, that name a folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):  # it has just ended
            words = entry.read_bytes().replace(b"\0", b" ").decode(errors="replace")
            if str(folder) in words:
                found.append(words)
    return found
