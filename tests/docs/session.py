"""The terminal session of the README, held anew with a real server and real terminals."""

import re
import signal
from pathlib import Path
from typing import NamedTuple

from tests.cli.screen import Screen
from tests.serving import Server

_TIME = re.compile(r"\d\d:\d\d:\d\d")
_DURATION = re.compile(r"after (\d+ \w+|less than a second)")


class Session(NamedTuple):
    """What stood on each screen."""

    server: str
    """What the server printed at its first start."""
    alice: str
    """All that alice saw."""


def hold(folder: Path) -> Session:
    """Lets alice and bob talk, bob leave, and the server be stopped and started between.

    Alice's program is held up then, so that bob is back before her and says something.

    Args:
        folder: where the server keeps its data.
    """
    with Server(folder) as server, Screen("join", server.address) as alice:
        banner = server.banner
        _register(alice, "alice")
        with Screen("join", server.address, "--user", "bob") as bob:
            _choose_password(bob)
            alice.wait_for("bob came in.")
            _talk(alice, bob)
            bob.enter("EX")
            assert bob.wait_for_exit() == 0
        alice.wait_for("bob left.")
        server.stop()
        alice.wait_for("The server is gone")
        alice.enter("PM Soup or salad?")
        alice.wait_for("sent when the server is back")
        alice.signal(signal.SIGSTOP)
        server.start()
        with Screen("join", server.address, "--user", "bob") as bob:
            _come_back(bob)
            bob.enter("PM Hungry?")
            bob.wait_for("you: Hungry?")
            alice.signal(signal.SIGCONT)
            alice.wait_for("you: Soup or salad?")
            bob.wait_for("alice: Soup or salad?")
            bob.enter("PM Soup!")
            bob.wait_for("you: Soup!")
            alice.wait_for("bob: Soup!")
            alice.enter("EX")
            assert alice.wait_for_exit() == 0
            bob.wait_for("alice left.")
    return Session(_named(banner, server.port, folder), alice.text)


def _register(screen: Screen, name: str) -> None:
    screen.wait_for("Username:")
    screen.enter(name)
    _choose_password(screen)


def _choose_password(screen: Screen) -> None:
    screen.wait_for("New password:")
    screen.enter("secret")
    screen.wait_for("The same again:")
    screen.enter("secret")
    screen.wait_for("In the room")


def _come_back(screen: Screen) -> None:
    screen.wait_for("Password for bob:")
    screen.enter("secret")
    screen.wait_for("In the room (1)")


def _talk(alice: Screen, bob: Screen) -> None:
    """Says one thing to everyone and one to each other."""
    alice.enter("PM Good morning.")
    bob.wait_for("alice: Good morning.")
    bob.enter("DM alice Lunch at one?")
    alice.wait_for("bob -> you (private): Lunch at one?")
    alice.enter("DM bob With pleasure.")
    bob.wait_for("With pleasure.")


def _named(banner: str, port: int, folder: Path) -> str:
    """Returns the banner as it is on alice's computer."""
    banner = banner.replace(str(folder), "/home/alice/.local/share/chatroom")
    banner = re.sub(r"join     .* join", "join     .venv/bin/chatroom join", banner)
    return banner.replace(str(port), "12345").rstrip()


def without_times(text: str) -> str:
    """Returns a screen without the times on it, and without how long the server was gone."""
    return _DURATION.sub("after 0 seconds", _TIME.sub("00:00:00", text))


if __name__ == "__main__":
    import sys

    print(*hold(Path(sys.argv[1])), sep="\n---\n")  # noqa: T201 - to put into the README
