"""Events to lines of text, the same for a terminal and for a pipe."""

import threading
import time
from collections.abc import Callable, Sequence

from chatroom.client.events import (
    Event,
    Gap,
    LineBack,
    LineGone,
    LineLost,
    Message,
    UsersChanged,
)
from chatroom.protocol.names import fold
from chatroom.ui import phrases
from chatroom.ui.sanitize import clean

_TIME = "%H:%M:%S"
_DAY = "%A, %Y-%m-%d"
_INDENT = " " * len("00:00:00 ")
_NAMES_SHOWN = 10
"""How many names a line about comings and goings spells out before it counts the rest."""


class Renderer:
    """Turns what happens into lines that are safe to show; any thread may use it.

    It remembers the day of the last line, to say when another begins, and whether the person knows
    already that the line is down, to say so once and not for every attempt to get it back.

    Args:
        username: who the lines are for; this name is shown as "you".
        one_line: whether every event is to be one line, as programs like it. A newline in a message
            is then shown as `␊`; otherwise the message goes on below, indented.
        now: the clock, in seconds since 1970.
    """

    def __init__(
        self, username: str, *, one_line: bool = False, now: Callable[[], float] = time.time
    ) -> None:
        self._me = fold(username)
        self._one_line = one_line
        self._now = now
        self._lock = threading.Lock()  # guards the two below
        self._day = time.strftime(_DAY, time.localtime(now()))  # the day of the last line
        self._line_down = False  # whether LineLost has been told and LineBack has not

    def event(self, event: Event) -> list[str]:
        """Returns the lines that tell of `event`; none when there is nothing new in it."""
        match event:
            case Message(sender, text, to=to):
                return self.message(sender, to, text, event.ts)
            case UsersChanged(_, came, left):
                return self._came(came) + self._left(left)
            case LineLost(reason):
                return self._lost(reason)
            case LineBack(missed, away=away):
                return self._back(missed, away)
            case LineGone(error):
                return self.note(f"{error} The room has been left.")
            case Gap():
                return self.note(phrases.gap(event))

    def message(self, sender: str, to: str | None, text: str, ts: float) -> list[str]:
        """Returns the lines that show a message, one's own too; private if `to` is somebody."""
        head = self.name(sender)
        if to is not None:
            head = f"{head} -> {self.name(to)} (private)"
        return self._lines(ts, f"{head}: ", text)

    def history(self, messages: Sequence[Message]) -> list[str]:
        """Returns the lines that show what was said before the person came, marked as such.

        Args:
            messages: in the order in which they are to stand.
        """
        lines = [line for message in messages for line in self.event(message)]
        if self._one_line or not lines:
            return lines
        head = "message" if len(messages) == 1 else f"{len(messages)} messages"
        with self._lock:
            self._day = time.strftime(_DAY, time.localtime(self._now()))  # "now" says so
        return [f"--- the last {head} ---", *lines, "--- now ---"]

    def unsent(self, text: str, to: str | None, error: BaseException) -> list[str]:
        """Returns the lines that say that a message was not sent, why, and what it was."""
        whom = "" if to is None else f" to {self.name(to)}"
        sentence = f"Not sent{whom}: {error} It was:"
        if self._one_line:
            return self.note(f"{sentence} {text}")
        return self.note(sentence) + _below(text.split("\n"))

    def note(self, sentence: str) -> list[str]:
        """Returns the line that tells the person something, with the time."""
        return self._lines(self._now(), "", clean(sentence))

    def users(self, users: Sequence[str]) -> list[str]:
        """Returns the line that says who is in the room."""
        names = (self.name(name, me=f"{clean(name)} (you)") for name in users)
        return [f"In the room ({len(users)}): {', '.join(names)}"]

    def name(self, name: str, *, me: str = "you") -> str:
        """Returns how `name` is shown; the person's own is `me`.

        Somebody else may be called "you" too; no username has quotes, so with them it is told from
        the person's own.
        """
        if fold(name) == self._me:
            return me
        return f'"{clean(name)}"' if fold(name) == "you" else clean(name)

    def _came(self, names: Sequence[str]) -> list[str]:
        others = self._others(names)
        return self.note(f"{self._several(others)} came in.") if others else []

    def _left(self, names: Sequence[str]) -> list[str]:
        others = self._others(names)
        return self.note(f"{self._several(others)} left.") if others else []

    def _others(self, names: Sequence[str]) -> list[str]:
        """Returns the names but the person's own, of whom they need not be told."""
        return [name for name in names if fold(name) != self._me]

    def _several(self, names: Sequence[str]) -> str:
        """Returns "alice", "alice and bob", or the first ten and how many more."""
        shown = [self.name(name) for name in names[:_NAMES_SHOWN]]
        if more := len(names) - len(shown):
            shown.append("1 other" if more == 1 else f"{more} others")
        *rest, last = shown
        return f"{', '.join(rest)} and {last}" if rest else last

    def _lost(self, reason: str) -> list[str]:
        with self._lock:
            known, self._line_down = self._line_down, True
        if known:
            return []
        return self.note(f"The server is gone: {reason} Trying again until it is back.")

    def _back(self, missed: int, away: float) -> list[str]:
        with self._lock:
            self._line_down = False
        back = f"The server is back after {phrases.duration(away)}"
        if missed == 0:
            return self.note(f"{back}; nothing was said meanwhile.")
        were = "was" if missed == 1 else "were"
        return self.note(f"{back}; {phrases.messages(missed)} {were} said meanwhile:")

    def _lines(self, ts: float, head: str, text: str) -> list[str]:
        """Returns the lines of one entry: time, head and text, and a new day before them."""
        moment = self._moment(ts)
        first, *rest = [text] if self._one_line else text.split("\n")
        entry = [f"{time.strftime(_TIME, moment)} {head}{clean(first)}"]
        return self._new_day(time.strftime(_DAY, moment)) + entry + _below(rest)

    def _moment(self, ts: float) -> time.struct_time:
        """Returns the local time of `ts`, which may be a figure that no clock ever shows."""
        try:
            return time.localtime(ts)
        except (ValueError, OverflowError, OSError):
            return time.localtime(self._now())

    def _new_day(self, day: str) -> list[str]:
        with self._lock:
            if day == self._day or self._one_line:
                return []
            self._day = day
        return [f"--- {day} ---"]


def _below(lines: Sequence[str]) -> list[str]:
    """Returns lines that go on below another, indented so that they cannot pass for new ones."""
    return [_INDENT + clean(line) for line in lines]
