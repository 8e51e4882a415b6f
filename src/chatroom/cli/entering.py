"""How the commands that say or print something get into the room."""

import argparse
import getpass
import sys
from collections.abc import Callable, Sequence

from chatroom.cli import credentials
from chatroom.client.connect import connect
from chatroom.client.events import Event
from chatroom.client.room import Room
from chatroom.ui.login import sign_in


def enter(args: argparse.Namespace, on_event: Callable[[Event], None]) -> Room:
    """Logs in as the arguments say; asks for the password if standard input is a terminal.

    Raises:
        UsageError: there is no password and nobody to ask.
        ChatroomError: logging in did not work.
    """
    name = credentials.username_or_own(args)
    secret = credentials.password(args)
    if secret is not None:
        return connect(args.server, username=name, password=secret, on_event=on_event)
    if not sys.stdin.isatty():
        raise credentials.nobody_to_ask("password")
    return sign_in(PlainAsker(), args.server, username=name, password=None, on_event=on_event)


class PlainAsker:
    """Asks on the terminal without anything fancy; standard output stays free for what is asked."""

    def ask(self, question: str) -> str:
        """Returns a line from standard input."""
        print(question, end="", file=sys.stderr, flush=True)
        line = sys.stdin.readline()
        if not line:
            raise EOFError
        return line.rstrip("\n")

    def ask_hidden(self, question: str) -> str:
        """Returns a line without showing it."""
        return getpass.getpass(question, stream=sys.stderr)

    def show(self, lines: Sequence[str]) -> None:
        """Tells something."""
        print(*lines, sep="\n", file=sys.stderr)
