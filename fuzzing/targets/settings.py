"""The configuration: what stands in it is in force as a whole, or refused in a sentence.

The first byte of an input says whether it is a file, or variables of the environment.
"""

import tempfile
from pathlib import Path

import msgspec

from chatroom import config
from fuzzing.target import Target, hold

_file = tempfile.TemporaryFile()  # noqa: SIM115  # it ends with the process
_PATH = Path(f"/dev/fd/{_file.fileno()}")


def run(data: bytes) -> None:
    """Load a configuration."""
    try:
        found = _from_variables(data[1:]) if data[:1] == b"\1" else _from_file(data[1:])
    except config.ConfigError as error:
        hold(str(error).endswith("."), error)
        return
    _write(config.as_toml(found).encode())
    hold(config.load(_PATH, {}) == found, found)


def _from_file(text: bytes) -> config.Config:
    _write(text)
    return config.load(_PATH, {})


def _from_variables(text: bytes) -> config.Config:
    """Take what a process may have in its environment: no NUL, and what is no UTF-8 escaped."""
    lines = text.replace(b"\0", b"").decode("utf-8", "surrogateescape").split("\n")
    pairs = [line.partition("=") for line in lines if line]
    return config.load(None, {f"CHATROOM_{name}": value for name, _, value in pairs})


def _write(text: bytes) -> None:
    _file.seek(0)
    _file.truncate()
    _file.write(text)
    _file.flush()
    _file.seek(0)


def _variables() -> bytes:
    fields = (
        f"{section.name}_{field.name}".upper()
        for section in msgspec.structs.fields(config.Config)
        for field in msgspec.structs.fields(section.type)
    )
    return "\n".join(f"{name}=1" for name in fields).encode()


TARGET = Target(
    run,
    (b"\0" + config.as_toml(config.Config()).encode(), b"\1" + _variables(), b"\0[limits]\n"),
    (
        b"\n[server]\n",
        b"\n[limits]\n",
        b"\n[auth.argon2]\n",
        b'"""',
        b"[[",
        b"{ a = 1 }",
        b" = ",
        b"inf",
        b"nan",
        b"1979-05-27T07:32:00Z",
        b"0x",
        b"= []\n",
    ),
    longest=2048,
)
