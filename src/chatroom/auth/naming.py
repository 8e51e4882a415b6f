"""What a new account may be called: a name in ASCII, or one in any one script that Unicode knows.

Names that exist are found by `protocol.names.fold`, whichever rule is in force, so a change of the
rule takes nobody's account away.
"""

import itertools
import unicodedata
from typing import Literal, Protocol

from chatroom.auth.unicode_table import UnicodeTable
from chatroom.protocol.errors import ErrorCode, ProtocolError
from chatroom.protocol.names import check_username, fold

BYTES = 3
"""How many bytes of UTF-8 a name may have for each character that it may have: what the characters
of most scripts take."""

MARKS = 4
"""How many combining marks may follow on one another (UTS #39, section 5.4)."""

_PUNCTUATION = "-_."

_ME = "you"
"""What the terminal calls the person who sits at it; no name may look like it."""


class Naming(Protocol):
    """A rule. Any thread may use it."""

    def check(self, name: str, limit: int) -> str:
        """Return how somebody is called who wants to be called `name`.

        Args:
            name: what somebody wants to be called.
            limit: the longest name in characters.

        Raises:
            ProtocolError: `invalid_username`, with the rule in the sentence.
        """

    def looks(self, name: str) -> frozenset[str]:
        """Return texts of which names that look alike share at least one."""


def naming(kind: Literal["ascii", "unicode"]) -> Naming:
    """Return the rule that is called so."""
    return UnicodeNames() if kind == "unicode" else AsciiNames()


class AsciiNames:
    """Letters a to z, digits, '-', '_' and '.'. Names that differ at all are different names."""

    def check(self, name: str, limit: int) -> str:
        """Return `name`; see `Naming`."""
        return check_username(name, limit)

    def looks(self, name: str) -> frozenset[str]:
        """Return nothing: names are other names where they differ at all; see `Naming`."""
        del name
        return frozenset()


class UnicodeNames:
    """Letters and digits of one script, '-', '_' and '.', under PRECIS (RFC 8265, section 3.3)."""

    def __init__(self) -> None:
        from precis_i18n import get_profile  # noqa: PLC0415 - needed in this rule alone

        self._profile = get_profile("UsernameCasePreserved")
        self._table = UnicodeTable()
        self._looks_like_me = self.looks(_ME)

    def check(self, name: str, limit: int) -> str:
        """Return the name in its one form, composed and in its ordinary width; see `Naming`."""
        try:
            enforced = self._profile.enforce(name[: 4 * limit + 1])
        except UnicodeEncodeError:
            raise _invalid(limit) from None
        if not (_fits(enforced, limit) and self._is_written_well(enforced)):
            raise _invalid(limit)
        if fold(enforced) != _ME and self._looks_like_me & self.looks(enforced):
            raise looks_taken(enforced, _ME)
        return enforced

    def _is_written_well(self, name: str) -> bool:
        """Say whether the characters of a name that PRECIS allows go together."""
        ascii_part = "".join(filter(str.isascii, name))
        letters = "".join(character for character in name if character not in _PUNCTUATION)
        return (
            (not ascii_part or _is_ascii_name(ascii_part))
            and all(map(self._table.has, letters))
            and self._table.is_of_one_script(letters)
            and _digits_are_of_one_kind(name)
            and _marks_are_few(name)
        )

    def looks(self, name: str) -> frozenset[str]:
        """Return what the name looks like as it stands, and in small letters; see `Naming`."""
        key, skeleton = fold(name), self._table.skeleton
        return frozenset({key, fold(skeleton(name)), fold(skeleton(key))})


def looks_taken(name: str, other: str) -> ProtocolError:
    """Return the error for a name that looks like another one."""
    return ProtocolError(
        ErrorCode.INVALID_USERNAME,
        f"The name {name} looks like {other}, which is taken; choose one that nobody can mistake.",
        field="username",
    )


def _invalid(limit: int) -> ProtocolError:
    return ProtocolError(
        ErrorCode.INVALID_USERNAME,
        f"A username has 1 to {limit} characters, of at most {BYTES * limit} bytes: letters and "
        "digits of one script, '-', '_' and '.'.",
        field="username",
    )


def _fits(name: str, limit: int) -> bool:
    return len(name) <= limit and len(name.encode()) <= BYTES * limit


def _is_ascii_name(name: str) -> bool:
    try:
        check_username(name, len(name))
    except ProtocolError:
        return False
    return True


def _digits_are_of_one_kind(name: str) -> bool:
    """Say whether all digits count from the same zero (UTS #39, section 5.3)."""
    zeros = {ord(digit) - unicodedata.decimal(digit) for digit in name if digit.isdecimal()}
    return len(zeros) <= 1


def _marks_are_few(name: str) -> bool:
    """Say whether marks stand on letters, few on each and none twice (UTS #39, section 5.4)."""
    marks = 0
    decomposed = unicodedata.normalize("NFD", name)
    for before, character in itertools.pairwise(f"-{decomposed}"):
        marks = marks + 1 if unicodedata.category(character) in {"Mn", "Me"} else 0
        bare = unicodedata.category(character).startswith("M") and before in _PUNCTUATION
        if bare or marks > MARKS or (marks and before == character):
            return False
    return True
