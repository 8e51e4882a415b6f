"""The shape of the code: who may import whom, and how large things may grow."""

import ast
import re
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src"

MAY_IMPORT: dict[str, set[str]] = {
    "version": set(),
    "config": set(),
    "cores": set(),
    "histogram": set(),
    "tcp": set(),
    "tls": set(),
    "protocol": set(),
    "log": {"protocol"},
    "auth": {"protocol", "log"},
    "room": {"protocol", "log", "auth"},
    "server": {"protocol", "log", "auth", "room"},
    "web": {"protocol", "log", "auth", "room", "server"},
    "app": {"protocol", "log", "auth", "room", "server", "web"},
    "client": {"protocol"},
    "ui": {"protocol", "client"},
    "selftest": {"protocol", "log", "client"},
    "cli": {"protocol", "client", "ui", "log", "auth", "server", "app", "selftest"},
    "__init__": {"client"},
    "__main__": {"cli"},
}
"""What each part may import beside itself and `FOR_ALL`; each line only names those above it."""

FOR_ALL = {"version", "config", "tcp", "tls", "cores", "histogram"}

FOREIGN = {
    "socket": {"server", "client", "app", "tcp", "selftest"},
    "selectors": {"server", "client", "selftest"},
    "threading": {"log", "auth", "room", "server", "client", "ui", "cli", "app", "selftest"},
    "time": {"log", "auth", "room", "server", "client", "ui", "cli", "app", "selftest"},
    "sqlite3": {"log", "client"},
    "ssl": {"server", "client", "tls"},
    "cryptography": {"server"},
    "argon2": {"auth"},
    "precis_i18n": {"auth"},
    "prompt_toolkit": {"ui"},
    "h11": {"web"},
    "websockets": {"web"},
    "prometheus_client": {"web"},
    "argparse": {"cli"},
    "shtab": {"cli"},
}
"""Which parts may import what is not ours: protocol has no socket, thread or clock, and so on."""

MODULE_LINES = 300
FUNCTION_LINES = 40
DRAWERS = {"utils", "util", "helpers", "helper", "common", "misc"}


def _modules() -> dict[str, ast.Module]:
    """Return every module of the package, by its dotted name with `__init__` spelt out."""
    return {
        ".".join(path.relative_to(SOURCE).with_suffix("").parts): ast.parse(
            path.read_text(encoding="utf-8"), str(path)
        )
        for path in sorted(SOURCE.rglob("*.py"))
    }


MODULES = _modules()


def _imports(tree: ast.Module) -> Iterator[str]:
    """Yield the dotted name of each module that `tree` imports, wherever in it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield whole if _file_of(whole) in MODULES else node.module


def _file_of(name: str) -> str:
    """Return the module that `import name` runs, as `MODULES` spells it."""
    package = f"{name}.__init__"
    return package if package in MODULES else name


def _part(name: str) -> str:
    """Return the part of the program that the module `name` belongs to."""
    return name.split(".")[1]


def _imports_between_parts() -> Iterator[tuple[str, str]]:
    for name, tree in MODULES.items():
        for imported in _imports(tree):
            if imported.split(".")[0] == "chatroom":
                yield name, _file_of(imported)


def test_there_is_something_to_look_at() -> None:
    assert "chatroom.protocol.frames" in MODULES
    assert ("chatroom.log.sqlite", "chatroom.log.schema") in _imports_between_parts()


def test_every_part_has_its_place() -> None:
    assert {_part(name) for name in MODULES} <= MAY_IMPORT.keys()


def test_the_table_of_imports_goes_one_way() -> None:
    """The rule itself has no circle: whoever stands above is imported by whoever stands below."""
    above: set[str] = set()
    for part, imported in MAY_IMPORT.items():
        assert imported <= above, part
        above.add(part)


def test_imports_go_one_way() -> None:
    offenders = [
        f"{name} imports {imported}"
        for name, imported in _imports_between_parts()
        if _part(imported) not in MAY_IMPORT[_part(name)] | FOR_ALL | {_part(name)}
    ]
    assert offenders == []


def test_modules_import_each_other_in_no_circle() -> None:
    graph: dict[str, set[str]] = {name: set() for name in MODULES}
    for name, imported in _imports_between_parts():
        graph[name].add(imported)
    assert len(list(TopologicalSorter(graph).static_order())) == len(graph)


@pytest.mark.parametrize("module", FOREIGN)
def test_sockets_threads_clocks_and_sql_stay_where_they_belong(module: str) -> None:
    offenders = [
        name
        for name, tree in MODULES.items()
        if _part(name) not in FOREIGN[module]
        and module in {imported.split(".")[0] for imported in _imports(tree)}
    ]
    assert offenders == []


def test_no_import_is_relative() -> None:
    offenders = [
        name
        for name, tree in MODULES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.level
    ]
    assert offenders == []


def test_no_package_has_code_of_its_own() -> None:
    """An `__init__` says what its package is and names again what others may use."""
    for name, tree in MODULES.items():
        if name.endswith(".__init__"):
            docstring, *body = tree.body
            assert ast.get_docstring(tree), name
            assert isinstance(docstring, ast.Expr), name
            assert all(isinstance(node, ast.ImportFrom) or _is_all(node) for node in body), name


def _is_all(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and node.targets[0].id == "__all__"
    )


def test_nothing_is_a_drawer() -> None:
    """A module is named for its one idea."""
    assert [name for name in MODULES if DRAWERS & set(re.split(r"[._]", name))] == []


def test_no_module_is_too_long() -> None:
    lengths = {
        name: len((SOURCE / (name.replace(".", "/") + ".py")).read_text("utf-8").splitlines())
        for name in MODULES
    }
    assert {name: lines for name, lines in lengths.items() if lines > MODULE_LINES} == {}


def test_no_function_is_too_long() -> None:
    """From `def` to its end, its docstring aside."""
    offenders = {
        f"{name}.{node.name}": lines
        for name, tree in MODULES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (lines := _lines(node)) > FUNCTION_LINES
    }
    assert offenders == {}


def _lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    first = function.body[0]
    docstring = 0
    if ast.get_docstring(function) is not None:
        docstring = (first.end_lineno or first.lineno) - first.lineno + 1
    return (function.end_lineno or function.lineno) - function.lineno + 1 - docstring
