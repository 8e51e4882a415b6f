"""What a line that a person typed asks for: text in, an operation out, nothing else."""

from dataclasses import dataclass

_SHOWN = 40
"""How much of a line an explanation repeats, in characters."""


@dataclass(frozen=True)
class Say:
    """PM: say something to everyone."""

    text: str | None
    """None when it is still to be asked for."""


@dataclass(frozen=True)
class Tell:
    """DM: say something to one person."""

    to: str | None
    """None when it is still to be asked for."""
    text: str | None
    """None when it is still to be asked for."""


@dataclass(frozen=True)
class Who:
    """WHO: show who is in the room."""


@dataclass(frozen=True)
class Leave:
    """EX: leave the room."""


@dataclass(frozen=True)
class Help:
    """HELP: show what there is."""


@dataclass(frozen=True)
class NoOperation:
    """A line that asks for nothing there is; it is explained and not sent."""

    explanation: str
    """A sentence for the person. It repeats the line, so it is to be cleaned like it."""


Operation = Say | Tell | Who | Leave | Help | NoOperation

_ALONE: dict[str, Operation] = {"WHO": Who(), "EX": Leave(), "HELP": Help()}
"""Operations with nothing behind them. "EX is what I meant" must not throw anybody out."""

NAMES = ("PM", "DM", "WHO", "EX", "HELP")
"""The words that a line can start with, as they are offered to the person."""

HELP = (
    "PM hello       say hello to everyone; PM alone asks for the message",
    "DM bob hello   say hello to bob alone; DM alone shows who is here to pick from",
    "WHO            show who is in the room",
    "EX             leave",
    "HELP           show this",
)
"""One line for each operation."""


def parse(line: str) -> Operation | None:
    """Returns what `line` asks for, or None for a blank line.

    The operation is the first word; its case does not matter and a slash in front of it is
    ignored. What follows is taken as typed but for the white space around it.
    """
    word, rest = _split(line)
    name = word.removeprefix("/").upper()
    if name == "PM":
        return Say(rest or None)
    if name == "DM":
        to, text = _split(rest)
        return Tell(to or None, text or None)
    if name in _ALONE:
        return NoOperation(_explain_rest(name, line)) if rest else _ALONE[name]
    return NoOperation(_explain(line)) if word else None


def _split(text: str) -> tuple[str, str]:
    """Returns the first word and what follows it, both without white space around them."""
    word, rest, *_ = [*text.strip().split(None, 1), "", ""]
    return word, rest


def _explain(line: str) -> str:
    line = _short(line)
    return f'"{line}" is no operation; type PM {line} to say it to everyone, or HELP.'


def _explain_rest(name: str, line: str) -> str:
    return (
        f"{name} stands alone on its line; "
        f"type PM {_short(line)} to say it to everyone, or {name} by itself."
    )


def _short(line: str) -> str:
    line = line.strip()
    return line if len(line) <= _SHOWN else line[: _SHOWN - 1] + "…"
