import os
import threading

import pytest

from chatroom.ui.lines import MAX_LINE, BadLine, Lines
from tests.ui.fakes import written


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", []),
        (b"a\nb\n", ["a", "b"]),
        (b"a\n\nb", ["a", "", "b"]),
        ("Grüße\n".encode(), ["Grüße"]),
        (b"a\n" * 100_000, ["a"] * 100_000),
    ],
)
def test_lines(data: bytes, expected: list[str]) -> None:
    with written(data) as source, Lines(source) as lines:
        assert list(lines) == expected


def test_a_line_that_cannot_be_taken_does_not_stop_the_next() -> None:
    data = b"x" * (10 * MAX_LINE) + b"\n\xff\nafter\n"
    with written(data) as source, Lines(source) as lines:
        too_long, not_text, after = lines
    assert isinstance(too_long, BadLine)
    assert str(too_long) == f"Line 1 has more than {MAX_LINE} bytes; split it."
    assert isinstance(not_text, BadLine)
    assert str(not_text) == "Line 2 is not UTF-8; convert it first."
    assert after == "after"


def test_the_longest_line_is_taken() -> None:
    with written(b"x" * MAX_LINE) as source, Lines(source) as lines:
        assert list(lines) == ["x" * MAX_LINE]


def test_another_thread_can_end_the_waiting() -> None:
    reader, writer = os.pipe()
    try:
        with Lines(reader) as lines:
            timer = threading.Timer(0.05, lines.stop)
            timer.start()
            assert list(lines) == []
            timer.join()
    finally:
        os.close(reader)
        os.close(writer)
