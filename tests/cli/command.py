"""`chatroom` as a process without a terminal."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.serving import PROGRAM, environment

DEADLINE = 20.0
"""Seconds after which what a test waits for has failed."""


PASSWORD = "pw"
"""What everybody here uses, unless the test is about passwords."""


def as_user(name: str, secret: str = PASSWORD) -> dict[str, str]:
    """The environment in which one is somebody."""
    return {"CHATROOM_USER": name, "CHATROOM_PASSWORD": secret}


def run(
    *arguments: str,
    env: Mapping[str, str] | None = None,
    text: str | bytes = "",
    cwd: Path | None = None,
) -> "subprocess.CompletedProcess[str]":
    """Runs a command with `text` as its standard input and waits for its end."""
    data = text if isinstance(text, bytes) else text.encode()
    done = subprocess.run(
        [*PROGRAM, *arguments],
        input=data,
        capture_output=True,
        env=environment(env),
        timeout=DEADLINE,
        check=False,
        cwd=cwd,
    )
    return subprocess.CompletedProcess(
        done.args, done.returncode, done.stdout.decode(), done.stderr.decode()
    )


def start(*arguments: str, env: Mapping[str, str] | None = None) -> "subprocess.Popen[bytes]":
    """Starts a command with pipes on all sides."""
    return subprocess.Popen(
        [*PROGRAM, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(env),
    )
