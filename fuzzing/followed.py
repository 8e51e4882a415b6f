"""The process of the guided engine: the program is instrumented, and libFuzzer takes over.

The first word is the target, the others are libFuzzer's own.
"""

import sys

import atheris

from fuzzing.target import Target


def main() -> None:
    """Put inputs through until libFuzzer ends the process."""
    name = sys.argv.pop(1)
    with atheris.instrument_imports(include=["chatroom"]):
        target = _load(name)
    atheris.Setup(sys.argv, target.run)
    atheris.Fuzz()


def _load(name: str) -> Target:
    from fuzzing.targets import load  # noqa: PLC0415 - it is to be instrumented

    return load(name)


if __name__ == "__main__":
    main()
