"""`docs/architecture.md` names the threads, locks and queues that there are."""

import ast
import importlib
import re
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec
import pytest

from chatroom.app import App
from chatroom.config import Argon2, Auth, Config, Limits
from chatroom.config import Server as ServerSection
from tests.docs import markdown
from tests.docs.markdown import ARCHITECTURE, ROOT
from tests.docs.talking import Client

LOCKS = {"Lock", "RLock", "Condition", "Semaphore"}


@contextmanager
def running(data: Path) -> Iterator[App]:
    """Runs a server in this process."""
    section = ServerSection(port=0, data=str(data))
    cheap = Auth(argon2=Argon2(time_cost=1, memory_kib=8))
    app = App(Config(section, cheap), on_fatal=lambda _: None).start()
    try:
        yield app
    finally:
        app.stop()


def test_the_threads_are_those_of_a_running_server(tmp_path: Path) -> None:
    before = set(threading.enumerate()) - {threading.main_thread()}
    with running(tmp_path) as app, closing(Client(app.port)) as client:
        client.send({"command": "login", "username": "alice", "password": "secret"})
        assert client.receive()["type"] == "welcome"
        names = {thread.name for thread in set(threading.enumerate()) - before}
    rows = markdown.table(ARCHITECTURE, "Thread", "Owns", "Does")
    unclean = {"checker"}  # see tests/log/test_checker.py
    assert {row[0] for row in rows} == {_general(name) for name in names} | unclean


def _general(name: str) -> str:
    """Returns what the page calls a thread of this name."""
    return re.sub(r"^client .+", "client NAME", re.sub(r"^password_\d+$", "password_N", name))


def test_the_locks_are_those_in_the_source() -> None:
    rows = markdown.table(ARCHITECTURE, "Lock", "Guards", "Then")
    assert sorted(row[0] for row in rows) == sorted(_locks())
    for row in rows:
        assert row[2:] in ([], [""]) or row[2] in {other[0] for other in rows}


def test_the_order_of_the_locks_has_no_circle() -> None:
    rows = markdown.table(ARCHITECTURE, "Lock", "Guards", "Then")
    then = {row[0]: row[2] for row in rows if len(row) > 2 and row[2]}
    for lock in then:
        passed = [lock]
        while passed[-1] in then:
            passed.append(then[passed[-1]])
            assert len(passed) == len(set(passed)), passed


def _locks() -> Iterator[str]:
    """Yields each attribute of a class that is a lock of its own."""
    for path in (ROOT / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                yield from (f"{node.name}.{name}" for name in _locks_in(node))


def _locks_in(node: ast.ClassDef) -> Iterator[str]:
    for each in ast.walk(node):
        match each:
            case ast.Assign(
                targets=[ast.Attribute(attr=name)],
                value=ast.Call(func=ast.Attribute(value=ast.Name("threading"), attr=kind), args=on),
            ) if kind in LOCKS and not _is_attribute(on):
                yield name


def _is_attribute(arguments: list[ast.expr]) -> bool:
    """Says whether a condition stands on a lock that is counted already."""
    return bool(arguments) and isinstance(arguments[0], ast.Attribute)


@pytest.mark.parametrize(
    "row", markdown.table(ARCHITECTURE, "Queue", "Bound", "Value", "When it is full"), ids=str
)
def test_the_bounds_are_those_in_the_source(row: list[str]) -> None:
    _, name, value, _ = row
    path, _, last = name.rpartition(".")
    if path.endswith(".Limits"):
        defaults = {field.name: field.default for field in msgspec.structs.fields(Limits)}
        assert defaults[last] == int(value)
    else:
        assert getattr(importlib.import_module(path), last) == int(value)


def test_the_layers_are_the_packages() -> None:
    rows = markdown.table(ARCHITECTURE, "Package", "What it is")
    named = {name for row in rows for name in row[0].split(", ")}
    packages = {path.parent.name for path in (ROOT / "src/chatroom").glob("*/__init__.py")}
    assert named == packages | {"app"}


def test_it_is_one_page() -> None:
    """But for the tables, which are as long as what they list."""
    lines = ARCHITECTURE.read_text(encoding="utf-8").splitlines()
    assert len([line for line in lines if not line.startswith("|")]) <= 100
