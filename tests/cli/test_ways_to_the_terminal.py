"""Every place that writes to the terminal: what it writes is clean, or is known to be our own."""

import ast
from collections.abc import Iterator
from pathlib import Path

import chatroom.version

SOURCE = Path(chatroom.version.__file__).parent

CLEAN = {"clean", "clean_json"}

OWN = {
    "cli/backup.py _back_up": "paths of the command line, and figures",
    "cli/completion.py run": "a script made of our own options",
    "cli/entering.py ask": "questions of `ui.login`, clean there",
    "cli/entering.py ask_hidden": "the same",
    "cli/entering.py show": "lines of `ui.login`, clean there",
    "cli/export.py _write_all": "bytes that `_encoding` has made harmless where it is a terminal",
    "cli/export.py _export": "a path of the command line, and a figure",
    "cli/main.py main": "clean",
    "cli/outcome.py tell": "lines that are clean",
    "cli/reasons.py broke": "a byte for a pipe",
    "cli/restore.py _restore": "paths of the command line, and figures",
    "cli/selftest.py run": "settings of the command line; its report is cleaned line by line",
    "cli/serve.py _end_at_once": "a sentence of our own about a path of the command line",
    "cli/serve.py _serve": "the banner: the address and path of the configuration",
    "cli/serve.py run": "the configuration",
    "cli/users.py _new_password": "a name of the command line",
    "cli/verify.py _verify": "a path of the command line, and figures",
    "ui/feed.py on_event": "lines of `Renderer`, clean there",
    "ui/lines.py stop": "a byte for a pipe",
    "ui/pipe.py _write": "lines of a `Conversation`, clean there",
    "ui/terminal.py _write": "lines of a `Conversation`, clean there, cut to the width",
}
"""Where something is written that is not the result of `clean`, and why that is harmless."""


def _writings() -> Iterator[tuple[str, bool]]:
    """Yield the module and function of each call that writes, and whether that is clean."""
    for folder in ("cli", "ui"):
        for path in sorted((SOURCE / folder).glob("*.py")):
            for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(function, ast.FunctionDef):
                    names = set(_cleaned(function))
                    for call in _calls(function):
                        clean = all(_is_clean(value, names) for value in call.args)
                        yield f"{folder}/{path.name} {function.name}", clean


def _cleaned(function: ast.FunctionDef) -> Iterator[str]:
    """Yield the variables of a function that are only ever given what `clean` returned."""
    given: dict[str, list[ast.expr]] = {}
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            given.setdefault(node.targets[0].id, []).append(node.value)
    yield from (name for name, values in given.items() if all(_is_clean(v, set()) for v in values))


def _calls(function: ast.FunctionDef) -> Iterator[ast.Call]:
    for node in ast.walk(function):
        if isinstance(node, ast.Call):
            name = node.func
            word = name.attr if isinstance(name, ast.Attribute) else getattr(name, "id", "")
            if word in {"print", "write", "writelines", "write_raw", "getpass", "input"}:
                yield node


def _is_clean(value: ast.expr, names: set[str]) -> bool:
    """Say whether the text is a constant, or made of constants and of what `clean` returns.

    Args:
        value: what is written.
        names: the variables that hold what `clean` returned.
    """
    if isinstance(value, ast.Constant):
        return True
    if isinstance(value, ast.Name):
        return value.id in names
    if isinstance(value, ast.JoinedStr):
        return all(
            isinstance(part, ast.Constant)
            or (isinstance(part, ast.FormattedValue) and _is_clean(part.value, names))
            for part in value.values
        )
    while isinstance(value, ast.BinOp):
        value = value.left
    if not isinstance(value, ast.Call):
        return False
    if isinstance(value.func, ast.Attribute) and value.func.attr == "encode":
        return _is_clean(value.func.value, names)
    return isinstance(value.func, ast.Name) and value.func.id in CLEAN


def test_what_is_written_is_clean_or_our_own() -> None:
    unclean = {place for place, clean in _writings() if not clean}
    figures_alone = {"ui/progress.py show"}  # how far it is, beside what is clean
    assert sorted(unclean - OWN.keys() - figures_alone) == []


def test_nothing_is_excused_that_is_gone() -> None:
    assert OWN.keys() <= {place for place, _ in _writings()}


def test_nobody_sets_the_title() -> None:
    """No part asks the terminal for anything but to draw."""
    for path in SOURCE.rglob("*.py"):
        assert "set_title" not in path.read_text(encoding="utf-8"), path
