"""`chatroom completion`: print a script that completes command lines."""

import argparse

DESCRIPTION = "Print a script that makes a shell complete the commands and options of chatroom."

EXAMPLES = """\
examples:
  chatroom completion bash > ~/.local/share/bash-completion/completions/chatroom
  chatroom completion zsh > ~/.zfunc/_chatroom
  chatroom completion tcsh > ~/.chatroom.completion.csh
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describes the command and its arguments to `parser`."""
    parser.description, parser.epilog = DESCRIPTION, EXAMPLES
    parser.add_argument("shell", choices=("bash", "zsh", "tcsh"), help="which shell it is for")


def run(args: argparse.Namespace) -> int:
    """Prints the script and returns the exit status."""
    import shtab  # noqa: PLC0415 - no other command needs it

    from chatroom.cli.main import COMMANDS, parser_for  # noqa: PLC0415 - main imports the commands

    print(shtab.complete(parser_for(COMMANDS), args.shell))
    return 0
