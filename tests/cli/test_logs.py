"""The server's log: what an entry looks like, and what never stands in one."""

import json
import logging
import re
import subprocess
import sys
from pathlib import Path

import pytest

from chatroom.cli.logs import JsonFormatter, TextFormatter
from tests.conversation import Client, line
from tests.serving import Server, environment

ENTRY = re.compile(
    r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} (DEBUG|INFO|WARNING|ERROR|CRITICAL) .+: .+"
)
"""The first line of an entry of text."""

FORGED = (
    "bob\n2026-01-01 00:00:00,000 CRITICAL x: the disk is on fire\r\x1b]0;t\x07\u202e\x9b\u2028"
)


def record(
    message: str, *args: object, error: Exception | None = None, thread: str = "client bob"
) -> logging.LogRecord:
    """Returns what is to be logged."""
    caught = (type(error), error, error.__traceback__) if error else None
    found = logging.LogRecord("chatroom.x", logging.ERROR, __file__, 1, message, args, caught)
    found.threadName = thread
    return found


def fail(error: Exception) -> None:
    """Fails."""
    raise error


def failure(error: Exception) -> Exception:
    """Returns an error that was raised, with its traceback."""
    with pytest.raises(type(error)) as caught:
        fail(error)
    return caught.value


@pytest.mark.parametrize("formatter", [TextFormatter(), JsonFormatter()])
def test_an_entry_is_one_harmless_line(formatter: logging.Formatter) -> None:
    entry = formatter.format(record("%s logged in.", FORGED, thread=f"client {FORGED}"))
    assert entry.isprintable()
    assert "the disk is on fire" in entry


def test_an_entry_of_json_says_everything() -> None:
    entry = json.loads(JsonFormatter().format(record("%s left.", FORGED)))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", entry.pop("time"))
    assert entry == {
        "level": "error",
        "logger": "chatroom.x",
        "thread": "client bob",
        "message": f"{FORGED} left.",
    }


def test_a_traceback_is_a_field_or_stands_indented() -> None:
    broken = record("It failed.", error=failure(RuntimeError(FORGED)))
    assert "RuntimeError" in json.loads(JsonFormatter().format(broken))["traceback"]
    first, *rest = TextFormatter().format(broken).split("\n")
    assert ENTRY.fullmatch(first)
    assert rest[0] == "    Traceback (most recent call last):"
    assert all(row.startswith("    ") and row.isprintable() for row in rest)


@pytest.mark.parametrize("formatter", [TextFormatter(), JsonFormatter()])
@pytest.mark.parametrize(
    "error",
    [
        KeyError("a secret"),
        KeyError("it's a secret"),
        ValueError(f"invalid literal: {'a secret'!r}"),
        UnicodeEncodeError("utf-8", "a secret \ud800", 9, 10, "surrogates not allowed"),
    ],
)
def test_a_traceback_tells_where_and_not_what_was_said(
    formatter: logging.Formatter, error: Exception
) -> None:
    both = failure(LookupError("'a secret'"))
    both.__cause__ = failure(error)
    entry = formatter.format(record("It failed.", error=both))
    assert "a secret" not in entry
    assert type(error).__name__ in entry
    assert "test_logs.py" in entry


PASSWORDS = ("pass-word-right", "pass-word-wrong")
SAID = ("what-was-said", "what-was-whispered", "what-was-in-a-bad-frame")


def logging_to(path: Path) -> tuple[str, ...]:
    """Returns what runs a program so that what it logs goes to a file."""
    return ("/bin/sh", "-c", f'exec "$@" 2>{path}', "sh")


def converse(server: Server) -> list[str]:
    """Does to a server what it may log; returns what must not be in its log."""
    secrets = [*PASSWORDS, *SAID]
    address = ("127.0.0.1", server.port)
    with Client(address) as bob, Client(address) as guest, Client(address) as raw:
        welcome = bob.login("bob", PASSWORDS[0])
        secrets.append(welcome["session"])
        bob.say(SAID[0])
        bob.send("DM", to="bob", message=SAID[1], id=f"id-{SAID[1]}")
        assert len(bob.heard()) == 2
        wrong = {"username": "bob", "password": PASSWORDS[1], "invite": SAID[2]}
        guest.refused("wrong_password", "login", **wrong)
        guest.refused("invalid_username", "login", username=FORGED, password=PASSWORDS[0])
        guest.refused("invalid_session", "resume", session=f"s-{SAID[2]}")
        bob.refused("user_not_in_room", "DM", to=FORGED, message=SAID[1])
        raw.send_bytes(f'{{"command": {SAID[2]}}}\n'.encode() + b"\xff\xfe\n" + b"[" * 200 + b"\n")
        raw.send_bytes(line("login", username=["bob"], password={"x": PASSWORDS[0]}))
        raw.send_bytes(b'{"command": "' + SAID[2].encode() * 9000 + b'"}')
        while raw.read()["type"] != "bye":
            pass
        with Client(address) as second:
            second.login("bob", PASSWORDS[0])
            second.send_bytes(b'{"command": "PM", "message": "' + SAID[2].encode())
            second.reset()
    return secrets


@pytest.mark.parametrize("format", ["text", "json"])
def test_whatever_comes_an_entry_is_a_line_without_secrets(tmp_path: Path, format: str) -> None:
    path = tmp_path / "log"
    words = ("--log-level", "debug", "--log-format", format)
    with Server(":memory:", *words, prefix=logging_to(path)) as server:
        secrets = converse(server)
    entries = path.read_text("utf-8").splitlines()
    told = "\n".join(entries)
    assert not [secret for secret in secrets if secret in told]
    messages = [_message(entry, format) for entry in entries]
    assert [m for m in messages if m.startswith("bob logged in from 127.0.0.1")]
    assert "bob left." in messages


def _message(entry: str, format: str) -> str:
    if format == "json":
        return str(json.loads(entry)["message"])
    assert entry.isprintable()
    assert ENTRY.fullmatch(entry), entry
    return entry.partition(": ")[2]


FAULT = """
import sys, threading
from chatroom.cli import logs
from chatroom.server import connection
def parse(frame):
    raise KeyError(frame["message"] if "message" in frame else str(frame))
if sys.argv.pop(1) == "break":
    del sys.argv[1:4]  # the program that this one is run in place of
    connection.parse = parse
    from chatroom.cli.main import main
    sys.exit(main())
logs.configure("warning", sys.argv[1])
class Given:
    def __del__(self):
        raise ValueError("'a secret'")
Given()
raise ValueError("'a secret'")
"""
"""A server that fails at each command; and a program that fails by itself."""


@pytest.mark.parametrize("format", ["text", "json"])
def test_a_fault_of_ours_tells_no_secrets(tmp_path: Path, format: str) -> None:
    path = tmp_path / "log"
    prefix = (*logging_to(path), sys.executable, "-c", FAULT, "break")
    with (
        Server(":memory:", "--log-format", format, prefix=prefix) as server,
        Client(("127.0.0.1", server.port)) as bob,
    ):
        bob.refused("internal", "PM", message="a secret")
    assert "a secret" not in path.read_text("utf-8")
    _see_a_traceback(path.read_text("utf-8"), format, "A command from 127.0.0.1 failed.")


@pytest.mark.parametrize("format", ["text", "json"])
def test_what_nobody_catches_is_logged(format: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FAULT, "alone", format],
        env=environment(),
        capture_output=True,
        check=False,
    )
    assert done.returncode == 1
    told = done.stderr.decode()
    assert "a secret" not in told.replace("""raise ValueError("'a secret'")""", "")
    _see_a_traceback(told, format, "Something failed that nobody waits for.")
    _see_a_traceback(told, format, "The program failed.")


def _see_a_traceback(told: str, format: str, message: str) -> None:
    """See that there is one entry with this message, and that it has a traceback."""
    if format == "json":
        (entry,) = [e for e in map(json.loads, told.splitlines()) if e["message"] == message]
        assert entry["traceback"].startswith("Traceback (most recent call last):\n")
        return
    lines = told.splitlines()
    (at,) = [n for n, row in enumerate(lines) if row.endswith(f": {message}")]
    assert ENTRY.fullmatch(lines[at])
    assert lines[at + 1] == "    Traceback (most recent call last):"
    assert all(row.startswith("    ") or ENTRY.fullmatch(row) for row in lines)
