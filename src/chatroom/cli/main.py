"""The program `chatroom`: finds the command that is meant and runs it.

Starting has to be quick, so only the module of the command that is run is imported, and each such
module imports what is heavy when it runs.
"""

import argparse
import importlib
import os
import sys
from collections.abc import Collection, Sequence
from typing import NamedTuple, NoReturn, Protocol, cast

from chatroom.cli.arguments import UsageError
from chatroom.version import VERSION

USAGE = 2
"""The exit status for a command line that cannot be understood."""

INTERRUPTED = 130
"""The exit status when a person breaks off with Ctrl-C, where a command does not count that as its
ordinary end, or leaves a question unanswered with Ctrl-D."""

EXAMPLES = """\
examples:
  chatroom serve                        run a server on this machine
  chatroom join                         enter its room
  chatroom join example.org --user bob  enter another one
  chatroom send "The build is done."    say one thing and leave
  chatroom COMMAND --help               more about a command, with examples
"""


class Command(Protocol):
    """What the module of a command offers."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Describes the command and its arguments to `parser`."""

    def run(self, args: argparse.Namespace) -> int:
        """Does what the command is for and returns the exit status."""


class Entry(NamedTuple):
    """A command as the program's own help lists it."""

    module: str
    """Where the command is; see `Command`."""
    summary: str
    """What it does, in a few words."""

    def load(self) -> Command:
        """Imports the command."""
        return cast("Command", importlib.import_module(self.module))


COMMANDS = {
    "serve": Entry("chatroom.cli.serve", "run a server"),
    "join": Entry("chatroom.cli.join", "enter a room and talk"),
    "send": Entry("chatroom.cli.send", "say one thing and leave"),
    "tail": Entry("chatroom.cli.tail", "print what is said, as JSON lines"),
    "users": Entry("chatroom.cli.users", "list, add, remove and ban accounts"),
    "invite": Entry("chatroom.cli.invite", "print codes that let new people in"),
    "audit": Entry("chatroom.cli.audit", "print who decided what"),
    "selftest": Entry("chatroom.cli.selftest", "break a server on purpose and look for faults"),
    "backup": Entry("chatroom.cli.backup", "copy the data while the server runs"),
    "restore": Entry("chatroom.cli.restore", "go back to a backup"),
    "verify": Entry("chatroom.cli.verify", "check all that is stored"),
    "export": Entry("chatroom.cli.export", "print all that was said, as JSON lines"),
    "completion": Entry("chatroom.cli.completion", "print a script that completes command lines"),
}
"""All commands, in the order in which the help shows them."""


class _Formatter(argparse.RawDescriptionHelpFormatter):
    """Keeps line breaks as they are written and leaves room for the longest command."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=28)
        self._action_max_length = 14  # argparse forgets that commands are indented twice


class Parser(argparse.ArgumentParser):
    """A parser that reports a mistake in one sentence."""

    def error(self, message: str) -> NoReturn:
        """Raises the mistake instead of printing the usage."""
        raise UsageError(f"{message}; see {self.prog} --help")


def main(argv: Sequence[str] | None = None) -> int:
    """Runs a command line and returns the exit status.

    Args:
        argv: the words behind the program's name; None for those that it was started with.

    Raises:
        SystemExit: `--help` or `--version` was asked for, and has been answered.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        return _run(words)
    except UsageError as error:
        from chatroom.ui.sanitize import clean  # noqa: PLC0415 - seldom needed

        print(f"chatroom: {clean(str(error))}", file=sys.stderr)
        return USAGE
    except BrokenPipeError:
        # Whoever read our output, such as `head`, has had enough. What Python still holds back
        # for it must not fail once more when the interpreter ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (KeyboardInterrupt, EOFError):
        return INTERRUPTED


def _run(words: list[str]) -> int:
    args = parser_for([_command_in(words)]).parse_args(words)
    if args.command is None:
        raise UsageError("say which command you want, such as chatroom join; see chatroom --help")
    return cast("int", args.run(args))


def parser_for(commands: Collection[str]) -> Parser:
    """Returns the parser of the whole command line, with the arguments of `commands` filled in."""
    parser = Parser(
        prog="chatroom",
        description="A chat room that anyone can run and that never loses a word.",
        epilog=EXAMPLES,
        formatter_class=_Formatter,
    )
    parser.add_argument("--version", action="version", version=f"chatroom {VERSION}")
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    for name, entry in COMMANDS.items():
        subparser = subparsers.add_parser(name, help=entry.summary, formatter_class=_Formatter)
        if name in commands:
            command = entry.load()
            command.add_arguments(subparser)
            subparser.set_defaults(run=command.run)
    return parser


def _command_in(words: Sequence[str]) -> str:
    """Returns the first word that is no option, nothing if there is none."""
    return next((word for word in words if not word.startswith("-")), "")


if __name__ == "__main__":
    sys.exit(main())
