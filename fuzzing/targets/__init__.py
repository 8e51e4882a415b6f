"""The targets, a module each with its one `TARGET`.

They are imported by name when they are needed: what is imported before atheris has been set up is
not followed by it.
"""

import importlib

from fuzzing.target import Target

NAMES = ("decoder", "connection", "tls", "web", "client", "screen", "control", "settings")
"""What there is."""


def load(name: str) -> Target:
    """Return the target called `name`."""
    target = importlib.import_module(f"fuzzing.targets.{name}").TARGET
    if not isinstance(target, Target):
        raise TypeError(name)
    return target
