"""How the commands that say or print something get into the room."""

import argparse
import getpass
import sys
from collections.abc import Callable, Sequence
from functools import partial

from chatroom.cli import credentials
from chatroom.client.connect import account_exists, connect
from chatroom.client.events import Event
from chatroom.client.room import Room
from chatroom.ui.login import Door, sign_in


def enter(
    args: argparse.Namespace,
    name: str | None,
    on_event: Callable[[Event], None],
    *,
    history: int = 0,
) -> Room:
    """Logs in; asks for what is not given if standard input is a terminal.

    Args:
        args: the command line, with `server`, what is asked of it, and the credentials.
        name: who logs in, None if nobody has said so yet.
        on_event: passed on to `connect`.
        history: the same.

    Raises:
        UsageError: something is not given and there is nobody to ask.
        EOFError: whoever was asked does not answer.
        ChatroomError: logging in did not work.
    """
    secret, door = credentials.password(args), door_of(args)
    if sys.stdin.isatty():
        return sign_in(
            PlainAsker(),
            args.server,
            username=name,
            password=secret,
            history=history,
            on_event=on_event,
            door=door,
        )
    if name is None:
        raise credentials.nobody_to_ask("username")
    if secret is None:
        raise credentials.nobody_to_ask("password")
    return door.connect(
        args.server, username=name, password=secret, history=history, on_event=on_event
    )


def door_of(args: argparse.Namespace) -> Door:
    """Returns the way to the server, with the invite and what the command line asks of it."""
    asked = {
        "tls": args.tls,
        "insecure": args.insecure,
        "fingerprint": args.fingerprint,
        "invite": credentials.invite(args),
    }
    return Door(partial(connect, **asked), partial(account_exists, **asked))


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
