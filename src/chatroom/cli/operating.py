"""What the person who runs the server wants done: by the server on the data, or without one."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from chatroom.cli.arguments import UsageError
from chatroom.cli.configured import configured
from chatroom.cli.data import file_of, no_room

if TYPE_CHECKING:
    from pathlib import Path

    from chatroom.config import Config

Reply = dict[str, object]

REFUSED = 1
"""The exit status when what was asked for cannot be done."""


def operate(
    args: argparse.Namespace,
    request: Reply,
    lines: Callable[[Reply], Sequence[object]],
    *,
    makes_room: bool = False,
) -> int:
    """Has something done, prints what came of it, and returns the exit status.

    Args:
        args: the command line, with `--data` and `--config`.
        request: what is to be done; see `auth.administration`.
        lines: returns what is printed of the reply.
        makes_room: whether there need be no data yet.

    Raises:
        UsageError: the data cannot be used.
    """
    from chatroom.log.base import StoreError  # noqa: PLC0415 - heavy
    from chatroom.protocol.errors import ProtocolError  # noqa: PLC0415
    from chatroom.server.control import ask  # noqa: PLC0415
    from chatroom.ui.sanitize import clean  # noqa: PLC0415

    config = configured(args)
    try:
        data = file_of(config.server.data)
        reply = ask(data, request)
        if reply is None:
            if not makes_room and not data.exists():
                raise no_room(data)
            reply = _perform(config, data, request)
    except ProtocolError as problem:
        print(f"chatroom: {clean(problem.message)}", file=sys.stderr)
        return REFUSED
    except StoreError as error:
        raise UsageError(str(error)) from error
    for line in lines(reply):
        print(clean(str(line)))
    return 0


def _perform(config: "Config", data: "Path", request: Reply) -> Reply:
    """Does it without a server.

    Raises:
        StoreError: the data cannot be used, or a server uses them that does not answer.
        ProtocolError: it cannot be done.
    """
    from contextlib import closing  # noqa: PLC0415 - only when no server runs

    from chatroom.app import desk_of, hasher, reserve_of  # noqa: PLC0415
    from chatroom.auth.administration import perform  # noqa: PLC0415
    from chatroom.auth.audit import operator  # noqa: PLC0415
    from chatroom.log.opening import open_store  # noqa: PLC0415

    with (
        open_store(data, reserve=reserve_of(config)) as store,
        closing(hasher(config)) as passwords,
    ):
        desk = desk_of(config, store, passwords, lambda change: store.commit([change])[0])
        return perform(desk, request, operator(os.getuid()))


def lines_or_message(reply: Reply) -> Sequence[object]:
    """Returns the lines of a reply that has some, else the sentence in it."""
    lines = reply.get("lines", reply.get("users"))
    return lines if isinstance(lines, list) else [reply["message"]]
