"""The bots in `examples/` do what they say, as programs of their own."""

import os
import queue
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import pytest

import chatroom
from tests.docs.markdown import ROOT
from tests.serving import DEADLINE, Server, environment

EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
MOST_LINES = 18
"""How long a ten-line bot may be, with its docstring and the empty lines."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        yield server


class Guest:
    """Somebody in the room, and what happens before their eyes.

    Args:
        server: where the room is.
        username: who it is.
    """

    def __init__(self, server: Server, username: str) -> None:
        self._events: queue.SimpleQueue[chatroom.Event] = queue.SimpleQueue()
        self.room = chatroom.connect(
            server.address, username=username, password="secret", on_event=self._events.put
        )

    def __enter__(self) -> Self:
        """Returns itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Leaves."""
        self.room.close()

    def see(self, name: str) -> None:
        """Waits until somebody of that name comes in."""
        while not (isinstance(event := self._next(), chatroom.UsersChanged) and name in event.came):
            pass

    def hear(self) -> chatroom.Message:
        """Waits for a message."""
        while not isinstance(event := self._next(), chatroom.Message):
            pass
        return event

    def _next(self) -> chatroom.Event:
        return self._events.get(timeout=DEADLINE)


@contextmanager
def bot(
    name: str, server: Server, *, folder: Path | None = None, password: bool = True
) -> Iterator[subprocess.Popen[str]]:
    """Runs a bot; ends it if it still runs."""
    given = {"CHATROOM_PASSWORD": "secret"} if password else {}
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "examples" / name), server.address],
        env=environment({"PATH": os.environ["PATH"]} | given),
        cwd=folder,
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.terminate()
                process.communicate(timeout=DEADLINE)


def test_the_echo_bot_answers_direct_messages(server: Server) -> None:
    with Guest(server, "alice") as alice, bot("echo_bot.py", server):
        alice.see("echo")
        alice.room.send("Not to be answered.")
        alice.room.send_to("echo", "Hallo, wörld!")
        answer = alice.hear()
    assert (answer.sender, answer.private, answer.text) == ("echo", True, "Hallo, wörld!")


def test_the_welcome_bot_greets_who_comes(server: Server) -> None:
    with Guest(server, "alice") as alice, bot("welcome_bot.py", server):
        alice.see("usher")
        with Guest(server, "bob") as bob:
            greeting = bob.hear()
    assert (greeting.sender, greeting.private, greeting.text) == ("usher", True, "Welcome, bob!")


def test_the_feed_says_every_line(server: Server) -> None:
    with Guest(server, "alice") as alice, bot("feed.py", server) as feed:
        feed.communicate("one\n\ntwo\n", timeout=DEADLINE)
        said = [alice.hear().text for _ in range(2)]
        assert feed.returncode == 0
    assert said == ["one", "two"]


def test_the_logger_goes_on_where_it_was(server: Server, tmp_path: Path) -> None:
    """It is ended at any moment; its session is good for another start."""
    os.mkfifo(tmp_path / "talk.txt")  # a file that one can wait for
    with Guest(server, "alice") as alice:
        with bot("logger_bot.py", server, folder=tmp_path):
            alice.see("logger")
            alice.room.send("one")
            with (tmp_path / "talk.txt").open(encoding="utf-8") as talk:
                assert talk.readline() == "alice: 'one'\n"
        alice.room.send("two")
        with (
            bot("logger_bot.py", server, folder=tmp_path, password=False),
            (tmp_path / "talk.txt").open(encoding="utf-8") as talk,
        ):
            line = talk.readline()
            if line == "alice: 'one'\n":  # it had not come to commit it
                line = talk.readline()
            assert line == "alice: 'two'\n"


@pytest.mark.parametrize("name", [path.name for path in EXAMPLES])
def test_a_bot_without_a_password_is_told_to_have_one(
    name: str, server: Server, tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "examples" / name), server.address],
        env=environment({"PATH": os.environ["PATH"]}),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )
    assert "choose a password for it." in done.stderr.splitlines()[-1]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_an_example_is_short_and_uses_the_library_alone(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    imports = {line.split()[1] for line in text.splitlines() if line.startswith(("import", "from"))}
    assert "chatroom" in imports
    assert imports - {"chatroom"} <= sys.stdlib_module_names
    assert len(text.splitlines()) <= MOST_LINES
