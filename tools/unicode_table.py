"""Makes `src/chatroom/auth/unicode_table.txt` from the data of the Unicode Consortium.

The data are those of ICU, which has them compiled in: `python -m tools.unicode_table` with Debian's
`libicu72` makes the table as it is in the project. Another version of ICU has another version of
Unicode; names that look alike by the new one may both be taken then, so that is a decision.
"""

import ctypes
import re
import sys
import unicodedata
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parents[1] / "src/chatroom/auth/unicode_table.txt"

HEAD = """\
# Unicode {version}: which characters names are made of, and what they look like.
# Made by tools/unicode_table.py; not to be edited. From data files of the Unicode Consortium,
# changed in form: Copyright (c) 1991-2022 Unicode, Inc. See LICENSE-UNICODE.
#
# Characters with Identifier_Status=Allowed (UTS #39), but for those of inclusion, and their scripts
# (Script_Extensions, UAX #24).
"""

MIDDLE = """\
#
# What a character looks like (confusables.txt of UTS #39).
"""

_SKIPPED = range(0xD800, 0xE000)
_END = 0x110000


class Icu:
    """The library, of the version that is there."""

    def __init__(self, version: int) -> None:
        self._suffix = f"_{version}"
        self._common = ctypes.CDLL(f"libicuuc.so.{version}")
        self._spoof = ctypes.CDLL(f"libicui18n.so.{version}")
        error = ctypes.c_int(0)
        opener = self._function(self._spoof, "uspoof_open")
        opener.restype = ctypes.c_void_p
        self._checker = ctypes.c_void_p(opener(ctypes.byref(error)))
        recommended = self._function(self._spoof, "uspoof_getRecommendedSet")
        recommended.restype = ctypes.c_void_p
        self._allowed = ctypes.c_void_p(recommended(ctypes.byref(error)))
        self._see(error)
        self._contains = self._function(self._common, "uset_contains")
        self._contains.restype = ctypes.c_int8

    def _function(self, library: ctypes.CDLL, name: str) -> Any:
        return getattr(library, name + self._suffix)

    @staticmethod
    def _see(error: ctypes.c_int) -> None:
        if error.value > 0:
            raise RuntimeError(f"ICU reports error {error.value}")

    @property
    def unicode_version(self) -> str:
        """Which Unicode it knows."""
        version = (ctypes.c_uint8 * 4)()
        self._function(self._common, "u_getUnicodeVersion")(version)
        return ".".join(map(str, version[:3]))

    def is_allowed(self, code: int) -> bool:
        """Says whether an identifier may have this character."""
        return bool(self._contains(self._allowed, code))

    def scripts(self, code: int) -> str:
        """Returns the short names of the scripts that a character is used in."""
        numbers, error = (ctypes.c_int * 64)(), ctypes.c_int(0)
        count = self._function(self._common, "uscript_getScriptExtensions")(
            code, numbers, len(numbers), ctypes.byref(error)
        )
        self._see(error)
        name = self._function(self._common, "uscript_getShortName")
        name.restype = ctypes.c_char_p
        return " ".join(sorted(name(number).decode() for number in numbers[:count]))

    def skeleton(self, text: str) -> str:
        """Returns what a text looks like."""
        data, error = text.encode(), ctypes.c_int(0)
        out = ctypes.create_string_buffer(1024)
        length = self._function(self._spoof, "uspoof_getSkeletonUTF8")(
            self._checker, 0, data, len(data), out, len(out), ctypes.byref(error)
        )
        self._see(error)
        return out.raw[:length].decode()


def table(icu: Icu) -> str:
    """Returns the whole table."""
    allowed = [code for code in range(_END) if code not in _SKIPPED and icu.is_allowed(code)]
    return "".join(
        [
            HEAD.format(version=icu.unicode_version),
            *_ranges({code: icu.scripts(code) for code in allowed}),
            MIDDLE,
            *_looks(icu, allowed),
        ]
    )


def _ranges(scripts: dict[int, str]) -> Iterator[str]:
    """Yields a line for each run of characters of the same scripts."""
    numbered = enumerate(sorted(scripts.items()))
    for (_, names), run in groupby(numbered, lambda item: (item[1][0] - item[0], item[1][1])):
        codes = [code for _, (code, _) in run]
        yield f"{codes[0]:04X}..{codes[-1]:04X} {names}\n"


def _looks(icu: Icu, allowed: list[int]) -> Iterator[str]:
    """Yields a line for each character that looks like others, once it is decomposed."""
    parts = {part for code in allowed for part in unicodedata.normalize("NFD", chr(code))}
    for part in sorted(parts):
        seen = icu.skeleton(part)
        if seen != part:
            yield f"{ord(part):04X} {' '.join(f'{ord(other):04X}' for other in seen)}\n"


def installed() -> int:
    """Returns the version of ICU that is installed, 0 if none is."""
    folders = [Path("/usr/lib"), Path("/usr/lib64"), Path("/usr/local/lib")]
    names = [path.name for folder in folders for path in folder.rglob("libicui18n.so.*")]
    return max(
        (int(found[1]) for name in names if (found := re.search(r"so\.(\d+)", name))), default=0
    )


if __name__ == "__main__":
    if not installed():
        sys.exit("ICU is not installed; on Debian 12, apt-get install libicu72 does that.")
    TARGET.write_text(table(Icu(installed())), encoding="ascii")
