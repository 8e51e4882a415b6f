"""`import chatroom` gives all that the library promises and nothing by accident."""

import inspect
import os
import pkgutil
import subprocess
import sys
from types import ModuleType

import pytest

import chatroom
from chatroom.client import errors, events
from chatroom.version import VERSION


def public(module: ModuleType) -> set[str]:
    """Returns the names that a module defines for others."""
    return {
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and getattr(value, "__module__", None) == module.__name__
    }


def test_everything_public_is_listed_and_all_that_is_listed_is_there() -> None:
    modules = {module.name for module in pkgutil.iter_modules(chatroom.__path__)}
    names = {name for name in vars(chatroom) if not name.startswith("_")} - modules
    assert names | {"__version__"} == set(chatroom.__all__)
    assert list(chatroom.__all__) == sorted(set(chatroom.__all__))


@pytest.mark.parametrize("module", [errors, events], ids=lambda module: module.__name__)
def test_every_event_and_exception_can_be_named(module: ModuleType) -> None:
    assert public(module) <= set(chatroom.__all__)


def test_everything_public_says_what_it_is() -> None:
    for name in chatroom.__all__:
        value = getattr(chatroom, name)
        if inspect.isclass(value) or inspect.isfunction(value):
            assert inspect.getdoc(value), name


def test_the_version_is_that_of_the_package() -> None:
    assert chatroom.__version__ == VERSION


def test_importing_it_loads_no_server() -> None:
    """A bot needs no database, no password hashes and no terminal."""
    code = "import sys, chatroom; print(*sys.modules, sep='\\n')"
    # Where the coverage of the tests is measured, what measures it would be imported too.
    env = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=env
    )
    assert not {"sqlite3", "argon2", "prompt_toolkit"} & set(done.stdout.split())
