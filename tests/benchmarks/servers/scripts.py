"""Servers that are a few lines of Python, to be made to fail."""

import sys

from benchmarks.servers.recipe import Launch, Place, Recipe


class Script(Recipe):
    """A server that is a text; `PORT` in it is replaced.

    Args:
        text: the program.
        language: what it speaks.
    """

    name = "script"
    title = "a script"
    language = "raw"

    def __init__(self, text: str, language: str = "raw") -> None:
        self._text = text
        self.language = language  # type: ignore[misc] # one for each text

    def version(self) -> str | None:
        """It is always there."""
        return "1"

    def prepare(self, place: Place) -> Launch:
        """Put the port in."""
        return Launch([sys.executable, "-c", self._text.replace("PORT", str(place.port))])
