import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatroom.ui.operations import (
    Help,
    Leave,
    NoOperation,
    Operation,
    Say,
    Tell,
    Who,
    parse,
)


@pytest.mark.parametrize(
    ("line", "operation"),
    [
        ("PM hello", Say("hello")),
        ("pm hello  there ", Say("hello  there")),
        ("  /PM hello", Say("hello")),
        ("PM", Say(None)),
        ("PM\thello", Say("hello")),
        ("PM a\nb", Say("a\nb")),
        ("DM bob hello", Tell("bob", "hello")),
        ("/dm bob hello there", Tell("bob", "hello there")),
        ("DM bob", Tell("bob", None)),
        ("DM", Tell(None, None)),
        ("WHO", Who()),
        ("/who", Who()),
        ("Ex", Leave()),
        ("help", Help()),
        ("", None),
        ("  \n", None),
    ],
)
def test_parse(line: str, operation: Operation | None) -> None:
    assert parse(line) == operation


def test_a_plain_line_is_explained() -> None:
    assert parse("hello") == NoOperation(
        '"hello" is no operation; type PM hello to say it to everyone, or HELP.'
    )


@pytest.mark.parametrize("line", ["ex and hop", "who is there?", "help me"])
def test_a_sentence_that_starts_like_an_operation_is_explained(line: str) -> None:
    """Nobody is thrown out because they talk about their ex."""
    operation = parse(line)
    assert isinstance(operation, NoOperation)
    assert f"type PM {line} to say it to everyone" in operation.explanation


def test_a_long_line_is_repeated_in_part() -> None:
    operation = parse("x" * 10_000)
    assert isinstance(operation, NoOperation)
    assert len(operation.explanation) < 200


@given(st.text())
def test_any_line_can_be_parsed(line: str) -> None:
    operation = parse(line)
    assert (operation is None) == (not line.strip())
