"""Compiles a C program into a folder that is gone when the process ends."""

import atexit
import functools
import shutil
import subprocess
import tempfile
from pathlib import Path


@functools.cache
def compiled(source: Path) -> Path:
    """Compile a C program of one file; return where it is until this process ends.

    Raises:
        CalledProcessError: the compiler refused it.
        FileNotFoundError: there is no compiler called `cc`.
    """
    folder = Path(tempfile.mkdtemp(prefix="chatroom-bench-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    target = folder / source.stem
    subprocess.run(["cc", "-O2", "-o", str(target), str(source)], check=True, timeout=60)
    return target
