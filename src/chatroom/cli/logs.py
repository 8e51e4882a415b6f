"""How the server's log looks: an entry is one line, of text or of JSON, whatever a name contains.

What people say, their passwords and their tokens are in no entry. A traceback says where something
failed and with which kind of error; what stands in quotes in the text of an error is left out, as
it may be what somebody sent, such as the key of a `KeyError`.
"""

import json
import logging
import re
import sys
import time
import traceback
from types import TracebackType

from chatroom.ui.sanitize import clean

FORMATS = ("text", "json")

_INDENT = "    "
_FRAME = '  File "'
_QUOTED = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\"""", re.DOTALL)

_log = logging.getLogger(__name__)


def configure(level: str, format: str) -> None:
    """Sets up the log on standard error, for faults that nobody catches too. Main thread only.

    Args:
        level: the least that is logged, such as "warning".
        format: one of `FORMATS`.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter() if format == "json" else TextFormatter())
    logging.basicConfig(level=level.upper(), handlers=[handler])
    sys.excepthook = _failed
    sys.unraisablehook = _ignored


class TextFormatter(logging.Formatter):
    """Time, level, thread and text; a traceback stands indented below, so it passes for no entry.

    Any thread may use it.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Returns the line, and those of the traceback if there is one."""
        head = (
            f"{self.formatTime(record)} {record.levelname} {record.threadName}: "
            f"{record.getMessage()}"
        )
        return "\n".join([clean(head), *(_INDENT + clean(row) for row in _trace(record))])


class JsonFormatter(logging.Formatter):
    """One object of JSON in ASCII: `time`, `level`, `logger`, `thread`, `message`, `traceback`.

    Any thread may use it.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Returns the line."""
        moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        entry = {
            "time": f"{moment}.{int(record.msecs):03}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "thread": record.threadName,
            "message": record.getMessage(),
        }
        if trace := _trace(record):
            entry["traceback"] = "\n".join(trace)
        return json.dumps(entry, separators=(",", ":"))


def _trace(record: logging.LogRecord) -> list[str]:
    """Returns the lines of the record's traceback, none if it has none."""
    if not record.exc_info or record.exc_info[1] is None:
        return []
    parts = traceback.format_exception(record.exc_info[1])
    told = [part if part.startswith(_FRAME) else _QUOTED.sub("'…'", part) for part in parts]
    return "".join(told).splitlines()


def _failed(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Logs what ends the program."""
    _log.critical("The program failed.", exc_info=(kind, error, trace))


def _ignored(found: "sys.UnraisableHookArgs") -> None:
    """Logs what failed where nobody could be told, as when an object is given up."""
    _log.error("Something failed that nobody waits for.", exc_info=found.exc_value)
