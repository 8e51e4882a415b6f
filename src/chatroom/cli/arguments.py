"""Arguments that several commands share. Imports nothing heavy, as every start does it."""

import argparse
import os

DEFAULT_SERVER = "127.0.0.1"

MAX_HISTORY = 1000
"""The longest history a server gives."""

_FILES = {"bash": "_shtab_compgen_files", "zsh": "_files", "tcsh": "f"}
"""What shtab calls the completion of file names; written here to spare its import."""


class UsageError(Exception):
    """The command line, or the environment, is wrong. The text says how; the exit status is 2."""


def add_server(parser: argparse.ArgumentParser) -> None:
    """Adds `--server`."""
    parser.add_argument(
        "--server",
        metavar="HOST[:PORT]",
        default=default_server(),
        help="the server; CHATROOM_SERVER in the environment does the same (default: %(default)s)",
    )


def add_security(parser: argparse.ArgumentParser) -> None:
    """Adds what is asked of the server: `--tls`, `--insecure` and `--fingerprint`."""
    either = parser.add_mutually_exclusive_group()
    either.add_argument(
        "--tls", action="store_true", help="speak TLS to this machine too, as to every other one"
    )
    either.add_argument(
        "--insecure",
        action="store_true",
        help="speak no TLS; whoever is on the way can then read your password",
    )
    parser.add_argument(
        "--fingerprint",
        metavar="SHA256",
        help="the one certificate that the server may show, as it prints it when it starts",
    )


def add_credentials(parser: argparse.ArgumentParser) -> None:
    """Adds who one is: `--user`, `--password-file` and `--invite`."""
    parser.add_argument(
        "--user",
        metavar="NAME",
        help="who you are; CHATROOM_USER in the environment does the same",
    )
    add_file(
        parser,
        "--password-file",
        metavar="PATH",
        help="a file whose first line is the password; CHATROOM_PASSWORD in the environment holds "
        "the password itself",
    )
    parser.add_argument(
        "--invite",
        metavar="CODE",
        help="what lets a new name in, where the server wants that; CHATROOM_INVITE in the "
        "environment does the same",
    )


def add_history(parser: argparse.ArgumentParser, *, default: int | None, shown: str) -> None:
    """Adds `--history`.

    Args:
        parser: what gets it.
        default: what is taken when it is not given.
        shown: how the help calls that.
    """
    parser.add_argument(
        "--history",
        metavar="N",
        type=_history,
        default=default,
        help="begin with the last N messages that were said before, public ones and those to you, "
        f"at most {MAX_HISTORY} (default: {shown})",
    )


def _history(text: str) -> int:
    number = int(text)
    if not 0 <= number <= MAX_HISTORY:
        raise argparse.ArgumentTypeError(f"{number} is not from 0 to {MAX_HISTORY}")
    return number


def add_file(
    parser: argparse.ArgumentParser, *flags: str, metavar: str, help: str, nargs: str | None = None
) -> None:
    """Adds an option or a word that takes the name of a file, and lets the shell complete it."""
    action = parser.add_argument(*flags, metavar=metavar, help=help, nargs=nargs)
    vars(action)["complete"] = _FILES  # no attribute that argparse knows, so shtab alone reads it


def default_server() -> str:
    """Returns the server that is meant when none is named."""
    return os.environ.get("CHATROOM_SERVER") or DEFAULT_SERVER
