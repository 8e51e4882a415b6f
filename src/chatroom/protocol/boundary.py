"""Where a frame ends, by its brackets and strings alone.

A frame that is not valid JSON must end somewhere too, or the stream would not be in step behind
it. An object or array ends where its brackets balance, a string at its closing quote, anything
else (garbage) at a newline or before a `{`. Two things end a container early, because no valid
JSON has them and waiting for the balance would swallow the frames behind: a newline inside a
string, and a `{` where no value can stand.

The scanner remembers where it stopped, so its cost is linear however the bytes are split.
"""

import re

MAX_DEPTH = 256
"""How deep arrays and objects may nest. The JSON scanner recurses on the thread's C stack, which is
small on the server's client threads, and RecursionError may come too late for it: CPython 3.13.0
ends the process at 2,000 levels there."""

# Everything up to the next bracket, whole strings included, or up to a string that is not whole.
_OUTSIDE = re.compile(rb'(?:[^"{}\[\]]++|"(?:[^"\\\n]++|\\[^\n])*+")*+')
_STRING = re.compile(rb'(?:[^"\\\n]++|\\[^\n])*+')
_AFTER_GARBAGE = re.compile(rb"[\n{]")
_BEFORE_VALUE = b"{[,:"  # behind "{" only a key may stand, but 64 KiB of "{" are to be one error
_STARTS = b'"{['
_SPACE = b" \t\r\n"
_QUOTE, _NEWLINE, _BACKSLASH, _BRACE = b'"\n\\{'


class Boundary:
    """Looks for the end of the one frame that a buffer starts with."""

    def __init__(self) -> None:
        self._position = 0  # everything before it has been looked at
        self._depth = 0
        self._deepest = 0
        self._in_string = False
        self._garbage = False  # the frame starts with neither a bracket nor a quote

    @property
    def too_deep(self) -> bool:
        """Whether the frame nests deeper than the JSON scanner may follow."""
        return self._deepest > MAX_DEPTH

    def find(self, buffer: bytearray) -> int:
        """Return where the frame ends, or -1 when it is not complete yet.

        Args:
            buffer: the frame from its first byte, which is no white space, and what came behind
                it. Between calls bytes may only be added at its end.
        """
        end: int | None
        while self._position < len(buffer):
            if self._garbage:
                end = self._end_of_garbage(buffer)
            elif self._in_string:
                end = self._end_of_string(buffer)
            else:
                end = self._next_bracket(buffer)
            if end is not None:
                return end
        return -1

    def _end_of_garbage(self, buffer: bytearray) -> int:
        found = _AFTER_GARBAGE.search(buffer, self._position)
        self._position = len(buffer)
        return found.start() if found else -1

    def _end_of_string(self, buffer: bytearray) -> int | None:
        found = _STRING.match(buffer, self._position)
        at = self._position = found.end() if found else self._position
        if at == len(buffer):
            return -1
        if buffer[at] == _BACKSLASH:  # at the end of the buffer, or in front of a newline
            if at + 1 == len(buffer):
                return -1
            at += 1
        if buffer[at] == _NEWLINE:
            return at
        self._position = at + 1
        self._in_string = False
        return None if self._depth else at + 1

    def _next_bracket(self, buffer: bytearray) -> int | None:
        at = 0
        if self._depth:
            found = _OUTSIDE.match(buffer, self._position)
            at = found.end() if found else self._position
        elif buffer[0] not in _STARTS:
            self._garbage = True
            return None
        if at == len(buffer):
            self._position = at
            return -1
        self._position = at + 1
        return self._turn(buffer, at)

    def _turn(self, buffer: bytearray, at: int) -> int | None:
        """Take up the bracket or quote at `at`."""
        what = buffer[at]
        if what == _QUOTE:
            self._in_string = True
        elif what in b"{[":
            if what == _BRACE and self._depth and not _value_may_stand(buffer, at):
                return at
            self._depth += 1
            self._deepest = max(self._deepest, self._depth)
        else:
            self._depth -= 1
            if self._depth == 0:
                return at + 1
        return None


def _value_may_stand(buffer: bytearray, at: int) -> bool:
    """Say whether what precedes `at`, white space aside, can be followed by a value."""
    at -= 1
    while buffer[at] in _SPACE:
        at -= 1
    return buffer[at] in _BEFORE_VALUE
