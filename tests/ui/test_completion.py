import pytest

from chatroom.ui.completion import Completed, complete, complete_name

USERS = ("alice", "Albert", "bob", "evil\u202e", "straße-1", "STRASSE-2", "Jürgen")


@pytest.mark.parametrize(
    ("line", "begun", "word"),
    [
        ("p", "p", "PM "),
        ("  W", "W", "WHO "),
        ("/d", "/d", "/DM "),
        ("DM b", "b", "bob "),
        ("/dm B", "B", "bob "),
        ("DM  a", "a", "al"),
        ("DM ali", "ali", "alice "),
        ("DM STR", "STR", "straße-"),
        ("DM ju\u0308r", "ju\u0308r", "Jürgen "),
    ],
)
def test_tab_takes_what_is_clear(line: str, begun: str, word: str) -> None:
    assert complete(line, USERS) == Completed(begun, word, ())


def test_tab_lists_what_is_not_clear() -> None:
    assert complete("DM al", USERS) == Completed("al", "al", ("alice", "Albert"))


def test_tab_on_an_empty_line_lists_the_operations() -> None:
    assert complete("", USERS).choices == ("PM", "DM", "WHO", "EX", "HELP")


@pytest.mark.parametrize("line", ["DM bob a", "PM a", "DM x", "hello w"])
def test_tab_does_nothing_elsewhere(line: str) -> None:
    done = complete(line, USERS)
    assert done.word == done.begun
    assert done.choices == ()


def test_a_name_that_cannot_be_shown_is_not_offered() -> None:
    assert complete("DM evil", USERS).choices == ()


@pytest.mark.parametrize(
    ("line", "begun", "word", "choices"),
    [
        ("B", "B", "bob ", ()),
        (" a", "a", "al", ()),
        ("al", "al", "al", ("alice", "Albert")),
        ("pm", "pm", "pm", ()),
        ("bob ", "bob ", "bob ", ()),
    ],
)
def test_names_alone(line: str, begun: str, word: str, choices: tuple[str, ...]) -> None:
    assert complete_name(line, USERS) == Completed(begun, word, choices)
