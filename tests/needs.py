"""What a test needs of the machine: without it, it is skipped, but in CI it has failed."""

import os
import shutil
import sys
from typing import NoReturn

import pytest

from tools import chromium


def missing(what: str) -> NoReturn:
    """Ends the test for lack of something that CI has to provide."""
    if os.environ.get("CI"):
        pytest.fail(f"CI lacks what this test needs: {what}")
    pytest.skip(what)


def need_compiler() -> None:
    """Sees that a program can be put in front of the system's functions."""
    if not sys.platform.startswith("linux") or shutil.which("gcc") is None:
        missing("it takes Linux and gcc")


def need_browser() -> str:
    """Sees that the system has a browser, and returns where."""
    return chromium.found() or missing("it takes Chromium")
