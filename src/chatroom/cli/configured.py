"""The configuration as the options of a command, the environment and a file make it."""

import argparse
from pathlib import Path

from chatroom.cli.arguments import UsageError, add_file
from chatroom.config import Config, ConfigError, load

_OPTIONS = ("host", "port", "data", "tls", "tls_cert", "tls_key", "web")
"""The keys of the section `server` that options set."""


def add_config(parser: argparse.ArgumentParser) -> None:
    """Adds what says where the data and the configuration are: `--data` and `--config`."""
    parser.add_argument(
        "--data",
        metavar="PATH",
        help="the database file, or a folder for it, or :memory: to keep nothing",
    )
    add_file(parser, "--config", metavar="FILE", help="a TOML file with the configuration")


def configured(args: argparse.Namespace) -> Config:
    """Returns the configuration in force.

    Raises:
        UsageError: it is wrong.
    """
    options = {key: getattr(args, key, None) for key in _OPTIONS}
    server = {key: value for key, value in options.items() if value is not None}
    try:
        return load(Path(args.config) if args.config else None, overrides={"server": server})
    except ConfigError as error:
        raise UsageError(str(error)) from error
