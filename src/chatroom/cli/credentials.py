"""Who somebody is, as the command line, the environment and files say it.

A password never stands on the command line, where every user of the computer can see it.
"""

import argparse
import getpass
import os
from pathlib import Path

from chatroom.cli.arguments import UsageError


def username(args: argparse.Namespace) -> str | None:
    """Returns the name given by `--user` or CHATROOM_USER, None without either."""
    name: str | None = args.user
    return name if name is not None else os.environ.get("CHATROOM_USER") or None


def username_or_own(args: argparse.Namespace) -> str:
    """Returns the name given, else the name of the account at this computer.

    Raises:
        UsageError: there is no such account.
    """
    try:
        return username(args) or getpass.getuser()
    except (OSError, KeyError):  # KeyError before Python 3.13
        raise UsageError("say who you are with --user NAME or CHATROOM_USER") from None


def password(args: argparse.Namespace) -> str | None:
    """Returns the password from `--password-file` or CHATROOM_PASSWORD, None without either.

    Raises:
        UsageError: the file cannot be read, or there is no text in it or in the variable.
    """
    if args.password_file is not None:
        return _first_line(Path(args.password_file))
    secret = os.environ.get("CHATROOM_PASSWORD")
    if secret is not None:
        _check(secret, "CHATROOM_PASSWORD")
    return secret


def invite(args: argparse.Namespace) -> str | None:
    """Returns the invite given by `--invite` or CHATROOM_INVITE, None without either."""
    code: str | None = args.invite
    return code if code is not None else os.environ.get("CHATROOM_INVITE") or None


def _first_line(path: Path) -> str:
    try:
        with path.open(encoding="utf-8") as file:
            line = file.readline().rstrip("\r\n")
    except OSError as error:
        raise UsageError(f"cannot read the password file {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UsageError(f"the password file {path} is not UTF-8 text") from None
    _check(line, f"the first line of {path}")
    return line


def _check(secret: str, where: str) -> None:
    if not secret:
        raise UsageError(f"{where} is empty; put the password there")
    try:
        secret.encode()
    except UnicodeEncodeError:
        raise UsageError(f"{where} is not UTF-8 text") from None


def nobody_to_ask(what: str) -> UsageError:
    """Returns the error for a "username" or "password" not given, with nobody to ask."""
    option = "--user" if what == "username" else "--password-file"
    variable = "CHATROOM_USER" if what == "username" else "CHATROOM_PASSWORD"
    return UsageError(
        f"there is no terminal to ask for the {what} on; set {variable} or give {option}"
    )
