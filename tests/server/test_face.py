"""The table of faces, and events that many are sent."""

from chatroom.server.face import LINES, Face, Peer, Row, Shared, recognise
from chatroom.server.lines import JSON_LINES


def _never(peer: Peer) -> Face:
    raise AssertionError(peer)


def starting_with(word: bytes) -> Row:
    """Return a face of those who begin with `word`."""

    def claims(first: bytes) -> bool | None:
        if first.startswith(word):
            return True
        return None if word.startswith(first) else False

    return Row(claims, _never)


TABLE = (starting_with(b"NICK "), starting_with(b"NUL"), JSON_LINES)


def test_the_first_bytes_find_the_face() -> None:
    assert recognise(TABLE, b"NICK bob") is TABLE[0]
    assert recognise(TABLE, b"NUL") is TABLE[1]
    for other in (b"{", b"NICKEL ", b"NI{", b"\0"):
        assert recognise(TABLE, other) is JSON_LINES


def test_more_bytes_are_waited_for_while_they_do_not_tell() -> None:
    for first in (b"N", b"NI", b"NICK", b"NU"):
        assert recognise(TABLE, first) is None


def test_a_connection_that_says_nothing_speaks_json() -> None:
    assert recognise(TABLE, b"") is JSON_LINES


class Shouting:
    """A framing that counts what it is asked for."""

    def __init__(self) -> None:
        self.asked: list[bytes] = []

    def frame(self, lines: bytes) -> bytes:
        """Return `lines` in capitals."""
        self.asked.append(lines)
        return lines.upper()

    def farewell(self, lines: bytes) -> bytes:
        """Return them likewise."""
        return self.frame(lines)


def test_what_many_are_sent_is_framed_once_for_each_face() -> None:
    shared, shouting = Shared(b"a\n"), Shouting()
    assert [shared.framed(shouting) for _ in range(3)] == [b"A\n"] * 3
    assert shared.framed(LINES) == b"a\n"
    assert shouting.asked == [b"a\n"]


def test_json_lines_are_sent_as_they_are() -> None:
    assert LINES.frame(b"a\nb\n") == LINES.farewell(b"a\nb\n") == b"a\nb\n"
