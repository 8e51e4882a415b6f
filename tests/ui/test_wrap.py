import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prompt_toolkit.utils import get_cwidth

from chatroom.ui.sanitize import clean
from chatroom.ui.wrap import HANGING, NARROWEST, shorten, wrap

INDENT = " " * HANGING

LINES = st.text(st.sampled_from("ab  é世🙂\u0301\u093e\u3000"), max_size=200) | st.text().map(clean)
"""Lines with many blanks, wide and combining characters, and any lines at all."""

WIDTHS = st.integers(NARROWEST, 100)


@pytest.mark.parametrize(
    ("line", "width", "rows"),
    [
        ("", 80, [""]),
        ("12:00:00 bob: hi", 16, ["12:00:00 bob: hi"]),
        ("12:00:00 bob: hi you", 19, ["12:00:00 bob: hi", INDENT + "you"]),
        ("12:00:00 bob: hi     you", 19, ["12:00:00 bob: hi", INDENT + "you"]),
        ("12:00:00 bob: abcdefghi", 21, ["12:00:00 bob:", INDENT + "abcdefghi"]),
        (
            "12:00:00 bob: abcdefghijklmnopqrstuvwxyz",
            30,
            ["12:00:00 bob: abcdefghijklmnop", INDENT + "qrstuvwxyz"],
        ),
        ("12:00:00 bob: " + "世" * 10, 27, ["12:00:00 bob: " + "世" * 6, INDENT + "世" * 4]),
        ("e\u0301" * 6, 5, ["e\u0301" * 5, "  e\u0301"]),
        (INDENT + "over and over again", 28, [INDENT + "over and over again"]),
        (INDENT + "over and over again", 27, [INDENT + "over and over", INDENT + "again"]),
        (" " * 200 + "x", 80, [INDENT + "x"]),
        (" " * 200, 80, [""]),
        ("abcdef", 0, ["abc", " de", " f"]),
    ],
)
def test_wrap(line: str, width: int, rows: list[str]) -> None:
    assert wrap(line, width) == rows


def test_blanks_and_a_false_line_behind_them_do_not_reach_column_0() -> None:
    rows = wrap("12:00:00 eve: hi" + " " * 64 + "12:00:01 bob: I agree", 80)
    assert rows == ["12:00:00 eve: hi", INDENT + "12:00:01 bob: I agree"]


@given(LINES, WIDTHS)
def test_no_row_is_wider_than_the_screen(line: str, width: int) -> None:
    assert max(map(get_cwidth, wrap(line, width))) <= width


@given(LINES, WIDTHS)
def test_no_row_but_the_first_begins_in_column_0(line: str, width: int) -> None:
    assert [row for row in wrap(line, width)[1:] if not re.match(" +[^ ]", row)] == []


@given(LINES, WIDTHS)
def test_nothing_but_blanks_is_lost(line: str, width: int) -> None:
    assert "".join(wrap(line, width)).replace(" ", "") == line.replace(" ", "")


@given(LINES, WIDTHS)
def test_words_that_fit_are_whole(line: str, width: int) -> None:
    room = width - min(HANGING, width // 2)
    fitting = [word for word in line.split(" ") if word and get_cwidth(word) <= room]
    whole = [word for row in wrap(line, width) for word in row.split(" ")]
    assert [word for word in fitting if word not in whole] == []


@pytest.mark.parametrize(
    ("text", "width", "shown"),
    [
        ("hello", 5, "hello"),
        ("hello", 4, "hel…"),
        ("世界", 4, "世界"),
        ("世界", 3, "世…"),
        ("世界", 2, "…"),
        ("e\u0301e\u0301e\u0301", 2, "e\u0301…"),
        ("hello", 0, ""),
        ("hello", -3, ""),
    ],
)
def test_shorten(text: str, width: int, shown: str) -> None:
    assert shorten(text, width) == shown


@given(LINES, st.integers(0, 100))
def test_nothing_shortened_is_wider_than_asked_for(text: str, width: int) -> None:
    assert get_cwidth(shorten(text, width)) <= width
