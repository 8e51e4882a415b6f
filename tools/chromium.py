"""The browser of the system, for tests and measurements of the page."""

import shutil

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
"""What it may be called."""

FLAGS = (
    *("--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
)
"""What keeps it to the machine it is on. Playwright adds `--no-sandbox`, which root needs."""


def found() -> str | None:
    """Return where it is, None if there is none."""
    return next(filter(None, map(shutil.which, NAMES)), None)
