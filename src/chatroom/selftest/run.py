"""A self-test from its beginning to its verdict."""

import select
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from chatroom.log.base import StoreError
from chatroom.log.verifying import verify
from chatroom.selftest.checker import check
from chatroom.selftest.conductor import Conductor
from chatroom.selftest.finallogs import read_logs
from chatroom.selftest.findings import Findings
from chatroom.selftest.outcome import Interrupted, Outcome, Progress
from chatroom.selftest.plan import Settings
from chatroom.selftest.records import History
from chatroom.selftest.server import SERVE, ServerFailed


def run(
    settings: Settings,
    folder: Path,
    *,
    command: Sequence[str] = SERVE,
    interrupt: int = -1,
    tell: Callable[[Progress], None] = lambda _: None,
) -> Outcome:
    """Runs a self-test. No process is left behind, however it ends.

    Args:
        settings: What is asked.
        folder: An empty folder for all files: the data, logs, and what every client wrote down.
        command: The command line of the server, before its options.
        interrupt: A file descriptor that can be read when everything is to end; -1 for none.
        tell: Is told of the progress, a few times a second.

    Raises:
        ServerFailed: The server does not start, or the clients cannot come in, so nothing was
            tested.
        OSError: The same; the system has no more files or processes.
        Interrupted: The self-test was to end.
    """
    with Conductor(settings, folder, command, interrupt, tell) as conductor:
        conductor.assemble()
        try:
            conductor.break_things()
            conductor.come_to_rest()
        except ServerFailed as failure:
            conductor.turmoil.troubles.append(str(failure))
    return Outcome(conductor.turmoil, _judge(conductor, folder / "room.db", interrupt))


def _judge(conductor: Conductor, data: Path, interrupt: int) -> Findings:
    """Holds the logs, and the hashes over them, against what the clients wrote down."""
    troubles = conductor.turmoil.troubles
    try:
        troubles += [f"The log is not as it was written: {fault}." for fault in verify(data).faults]
        return check(read_logs(data), _histories(conductor, interrupt))
    except StoreError as error:
        troubles.append(f"The log cannot be read: {error}")
        return Findings()


def _histories(conductor: Conductor, interrupt: int) -> Iterator[History]:
    """Yields what the clients wrote down, and looks now and then whether that is to end."""
    for client in conductor.clients:
        conductor.report("checking")
        if interrupt >= 0 and select.select([interrupt], [], [], 0)[0]:
            raise Interrupted
        yield client.history()
